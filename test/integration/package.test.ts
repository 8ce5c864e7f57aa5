import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildServer } from '../support/buildServer.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { runProgram } from '../support/runProgram.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const ROOT = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
const canPackage = spawnSync('dpkg-shlibdeps', ['--version']).status === 0;

// Only systems with Debian's tools can make Debian packages.
describe.runIf(canPackage)('the output of make package', () => {
  const folder = join(tmpdir(), `xks-proxy-package-${randomUUID()}`);
  const out = join(folder, 'packages');
  const unpacked = join(folder, 'deb');
  const program = join(folder, `xks-proxy-${version}`);
  const unit = (): string => readFileSync(join(unpacked, 'usr/lib/systemd/system/xks-proxy.service'), 'utf8');
  let deb = '';
  let tarball = '';

  beforeAll(async () => {
    const built = join(folder, 'built');
    mkdirSync(folder, { mode: 0o700 });
    mkdirSync(built);
    await buildServer(built);
    // The time is fixed, because a checkout may have no history, and so no time of its commit.
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000', COMPRESSION: '1' };
    const { exitCode, stderr } = await runProgram([join(ROOT, 'deploy/package/make.sh'), out, built], { env });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    [deb = ''] = globSync(join(out, '*.deb'));
    [tarball = ''] = globSync(join(out, '*.tar.gz'));
    execFileSync('dpkg-deb', ['--raw-extract', deb, unpacked]);
    execFileSync('tar', ['--extract', '--gzip', '--file', tarball, '--directory', folder]);
  }, 240_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('consists of a tarball, a Debian package and their checksums', () => {
    const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
    expect(globSync('*', { cwd: out }).sort()).toEqual([
      'SHA256SUMS',
      `xks-proxy-${version}-linux-${architecture}.tar.gz`,
      `xks-proxy_${version.replace('-', '~')}_${architecture}.deb`,
    ]);
    const { stdout } = spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' });
    expect(stdout.match(/: OK$/gm)).toHaveLength(2);
  });

  it.each([
    ['the tarball', () => execFileSync('tar', ['-tvzf', tarball], { encoding: 'utf8' })],
    ['the Debian package', () => execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' })],
  ])('all files in %s belong to root, are writable only by root, and have the time of the commit', (_title, list) => {
    const lines = list().trim().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    const expected = /^(?:[d-]rwxr-xr-x|-rw-r--r--|lrwxrwxrwx) (?:root\/root|0\/0) .* 2023-11-14 22:13 /;
    expect(lines.filter((line) => !expected.test(line))).toEqual([]);
    expect(lines.filter((line) => /made\/|\.pem|\.key$|(?<!\.d)\.ts$|\.map$/.test(line))).toEqual([]);
  });

  it('the Debian package names its dependencies, and installs only below /opt and /usr', () => {
    const control = readFileSync(join(unpacked, 'DEBIAN/control'), 'utf8');
    expect(control).toMatch(/^Depends: libc6 \(>= [\d.]+\),.* libstdc\+\+6 \(>= [\d.]+\), passwd$/m);
    expect(control).toMatch(/^Recommends: softhsm2$/m);
    expect(control).not.toContain('@VERSION@');
    expect(globSync('*', { cwd: unpacked }).sort()).toEqual(['DEBIAN', 'opt', 'usr']);
    expect(unit()).toBe(readFileSync(join(ROOT, 'deploy/systemd/xks-proxy.service'), 'utf8'));
  });

  it.each(['postinst', 'prerm', 'postrm'])('%s is a valid script for a POSIX shell', (script) => {
    expect(spawnSync('sh', ['-n', join(unpacked, 'DEBIAN', script)]).status).toBe(0);
  });

  it('the program is where the unit and the command expect it', () => {
    const [, node = '', main = ''] = /^ExecStart=(\/\S+) .* (\/\S+) serve /m.exec(unit()) ?? [];
    expect([node, main].map((file) => existsSync(join(unpacked, file)))).toEqual([true, true]);
    expect(readlinkSync(join(unpacked, 'usr/bin/xks-proxy'))).toBe(join(dirname(node), 'xks-proxy'));
  });

  it('the tarball contains the licences of Node.js and of all bundled packages', () => {
    expect(readFileSync(join(program, 'licenses/dist'), 'utf8')).toMatch(/^===== express@[\d.]+ \(MIT\)$/m);
    expect(readFileSync(join(program, 'licenses/node'), 'utf8')).toContain('OpenSSL');
    expect(existsSync(join(program, 'LICENSE'))).toBe(true);
  });

  it('the tarball can be unpacked anywhere, and runs the proxy with its own Node.js, also through a link', async () => {
    const link = join(folder, 'link');
    execFileSync('ln', ['-s', join(program, 'bin/xks-proxy'), link]);
    // This PATH has no other Node.js.
    const { stdout } = await runProgram([link, '--version'], { env: { PATH: '/usr/bin:/bin' } });
    expect(stdout).toBe(`${version}\n`);
    const proxy = await RunningProxy.start(new ProxyFiles(), [link]);
    onTestFinished(() => proxy.dispose());
    const sealed = await proxy.post(paths.encrypt, encryptBody);
    expect(sealed.status).toBe(200);
    const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body });
    expect(opened.body).toEqual({ plaintext: encryptBody.plaintext });
  });
});
