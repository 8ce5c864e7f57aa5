import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
/** Set by `make package-test`. If it is a folder, this folder is used as the bare Debian with softhsm2 and openssl. */
const { PACKAGE_TEST } = process.env;
const MINUTES = 60_000;

// The commands of docs/install.md. The file pin stands for the copy that LoadCredential of the unit would make.
const SET_UP = `
set -eu
cd /etc/xks-proxy
umask 077
install --directory --owner xks-proxy --mode 700 /var/lib/xks-proxy/tokens
echo 'directories.tokendir = /var/lib/xks-proxy/tokens' > softhsm2.conf
printf 123456 > pin
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \\
  -days 30 -keyout server.key -out server.crt 2>/dev/null
cat > config.yaml <<'END'
server:
  host: 127.0.0.1
  port: 8443
  regions: [us-east-1]
  tls: { certificateFile: server.crt, privateKeyFile: server.key }
monitoring: { host: 127.0.0.1, port: 9464 }
audit: { directory: /var/lib/xks-proxy/audit, origin: xks.example.com/proxy-1, key: { file: audit.key } }
keyManagers:
  - name: softhsm
    pkcs11:
      module: /usr/lib/softhsm/libsofthsm2.so
      token: { label: xks-proxy }
      pin: { file: pin }
keyStores: []
END
xks-proxy audit key --out audit.key --origin xks.example.com/proxy-1 > /root/audit.vkeys
export SOFTHSM2_CONF=/etc/xks-proxy/softhsm2.conf
softhsm2-util --init-token --free --label xks-proxy --so-pin 12345678 --pin 123456
xks-proxy keystore create example
xks-proxy key create payments --key-store example
chown -R root:xks-proxy /etc/xks-proxy && chmod -R u=rwX,g=rX,o= /etc/xks-proxy
chown -R xks-proxy:xks-proxy /var/lib/xks-proxy
`;

// Runs the command of the unit as the unit's user, then the conformance suite of the package as the client.
const SERVE = `
set -eu
export SOFTHSM2_CONF=/etc/xks-proxy/softhsm2.conf
command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/xks-proxy.service)
setpriv --reuid=xks-proxy --regid=xks-proxy --clear-groups --no-new-privs $command > /tmp/log 2>&1 &
proxy=$!
tries=0
until /opt/xks-proxy/bin/node -e 'fetch("http://127.0.0.1:9464/readyz").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))'; do
  tries=$((tries + 1))
  [ $tries -lt 60 ] || { cat /tmp/log; exit 1; }
  sleep 1
done
id=$(xks-proxy credential list example | head -n 1)
xks-proxy conformance --endpoint https://localhost:8443 --ca /etc/xks-proxy/server.crt --uri-path /example/kms/xks/v1 \\
  --access-key-id "$id" --secret-file "/etc/xks-proxy/example.$id.secret" --key payments --only encrypt --only decrypt --requests 0
kill $proxy
wait $proxy
`;

describe.runIf(PACKAGE_TEST)('on a bare Debian without a network, the package', () => {
  const folder = join(tmpdir(), `xks-proxy-debian-${randomUUID()}`);
  const debian = join(folder, 'root');
  const packages = join(folder, 'packages');
  let deb = '';
  let installation = '';

  /** Runs a script in Debian, where the only network is localhost. Returns its output. */
  function run(script: string): string {
    const inside = 'mount --types proc proc "$0/proc" && ip link set lo up && exec chroot "$0" sh -c "$1"';
    const args = ['--net', '--mount', '--pid', '--fork', 'sh', '-c', inside, debian, script];
    const env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
    };
    const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`The script failed with ${String(status)}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  /** Names, owners, modes and checksums of all files of the operator. */
  const data = (): string =>
    run(
      'find /etc/xks-proxy /var/lib/xks-proxy -printf "%p %u:%g %m\\n" | sort; find /etc/xks-proxy /var/lib/xks-proxy -type f | sort | xargs sha256sum',
    );

  /** Puts a package of this version into Debian's /root. */
  function offer(packageVersion: string): string {
    const unpacked = mkdtempSync(join(folder, 'deb-'));
    execFileSync('dpkg-deb', ['--raw-extract', deb, unpacked]);
    const control = join(unpacked, 'DEBIAN/control');
    writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${packageVersion}`));
    execFileSync('dpkg-deb', [
      '--root-owner-group',
      '-Zgzip',
      '-z1',
      '--build',
      unpacked,
      join(debian, 'root', `${packageVersion}.deb`),
    ]);
    rmSync(unpacked, { recursive: true });
    return `/root/${packageVersion}.deb`;
  }

  function make(out: string): void {
    const env = { ...process.env, COMPRESSION: '1' };
    execFileSync(join(ROOT, 'deploy/package/make.sh'), [out], { env, stdio: 'pipe' });
  }

  beforeAll(() => {
    mkdirSync(folder, { mode: 0o700 });
    make(packages);
    [deb = ''] = globSync(join(packages, '*.deb'));
    if (PACKAGE_TEST?.startsWith('/')) {
      execFileSync('cp', ['--archive', PACKAGE_TEST, debian]);
    } else {
      execFileSync('debootstrap', ['--variant=minbase', '--include=softhsm2,openssl', 'bookworm', debian], {
        stdio: 'pipe',
      });
    }
    // debootstrap does not write this file.
    writeFileSync(join(debian, 'etc/hosts'), '127.0.0.1 localhost\n');
    // The group of the files of an HSM's client may have been made before.
    installation = run(`groupadd --system xks-proxy && dpkg --install ${offer('0.0.1')}`);
    run(SET_UP);
  }, 20 * MINUTES);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it(
    'has the same bytes if it is compiled and made again in another folder',
    () => {
      const again = join(folder, 'made/again');
      make(again);
      const sums = [packages, again].map((out) => readFileSync(join(out, 'SHA256SUMS'), 'utf8'));
      expect(sums[1]).toBe(sums[0]);
    },
    10 * MINUTES,
  );

  it(
    'passes lintian',
    () => {
      const { stdout } = spawnSync('lintian', ['--no-cfg', '--allow-root', deb], { encoding: 'utf8' });
      expect(stdout.split('\n').filter((line) => /^[EW]: /.test(line))).toEqual([]);
    },
    5 * MINUTES,
  );

  it('starts nothing during installation, and says what to do next', () => {
    expect(installation).toContain('/etc/xks-proxy/config.yaml');
    expect(installation).toContain('systemctl enable --now xks-proxy');
    expect(run('stat --format="%n %U:%G" /etc/xks-proxy /var/lib/xks-proxy')).toBe(
      '/etc/xks-proxy root:xks-proxy\n/var/lib/xks-proxy xks-proxy:xks-proxy\n',
    );
    expect(run('xks-proxy --version').trim()).toBe(version);
  });

  it(
    'encrypts and decrypts through SoftHSM as its user, also after an upgrade, a removal, a purge and a new installation',
    () => {
      expect(run(SERVE)).toMatch(/^The proxy passes every MUST case that was run\.$/m);
      const before = data();
      expect(before).toContain('/etc/xks-proxy/config.yaml');
      run(`dpkg --install ${offer('999.0.0')}`);
      expect(data()).toBe(before);
      expect(run('dpkg-query --show xks-proxy')).toContain('999.0.0');
      for (const action of ['--remove', '--purge']) {
        const out = run(`dpkg ${action} xks-proxy`);
        expect(out).toContain('remain in /etc/xks-proxy /var/lib/xks-proxy');
        expect(data()).toBe(before);
      }
      expect(run('ls /usr/bin/xks-proxy /opt/xks-proxy 2>&1 || true')).toContain('No such file');
      run(`dpkg --install ${offer('999.0.1')}`);
      expect(run(SERVE)).toMatch(/^The proxy passes every MUST case that was run\.$/m);
    },
    15 * MINUTES,
  );
});
