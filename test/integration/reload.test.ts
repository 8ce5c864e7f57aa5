import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import { issueServerCertificate } from '../../certs/issueCertificate.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from '../support/certificates.ts';
import { createFaultyModule } from '../support/faultyModule.ts';
import { encryptBody, paths } from '../support/messages.ts';
import type { LogRecord } from '../support/processLog.ts';
import { reconfigure } from '../support/reconfigurableProxy.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

const RELOADED = 'the configuration was reloaded';
const NEVER = `@id("everyone") permit (principal, action, resource);
@id("role") forbid (principal == User::"arn:aws:iam::123456789012:role/x", action, resource);`;
const REFUSED = 'the configuration is not reloaded: the previous one stays in force';

type StoreChange = (store: ProxyFiles['config']['keyStores'][number]) => object;

describe.each([{ workers: 1 }, { workers: 2 }])('with $workers workers', (server) => {
  let files: ProxyFiles;
  let running: RunningProxy;

  beforeAll(async () => {
    files = new ProxyFiles();
    files.writeConfig(withFirstStore(() => ({})));
    running = await RunningProxy.start(files);
  });
  let seen: number;
  beforeEach(() => {
    seen = running.log.length;
  });
  afterEach(async () => {
    writeKeyPair(files.folder, 'server', testCertificates.server);
    await reconfigure(
      running,
      withFirstStore(() => ({})),
    );
  });
  afterAll(() => running.dispose());

  /** Waits for a record of this test with these fields. */
  function logged(fields: object): Promise<LogRecord> {
    return running.logged(fields, seen);
  }

  /** The configuration with another first key store. */
  function withFirstStore(change: StoreChange, more: object = {}): object {
    const [first, ...others] = files.config.keyStores;
    if (!first) throw new Error('the configuration has no key store');
    return {
      ...files.config,
      server: { ...files.config.server, ...server, ...more },
      keyStores: [{ ...first, ...change(first) }, ...others],
    };
  }

  it('credentials, keys and their status change under load, and no request fails', async () => {
    const [credential] = files.credentials;
    const fresh = newCredential();
    const reference = {
      accessKeyId: fresh.accessKeyId,
      secretAccessKey: files.writeSecret('fresh', fresh.secretAccessKey.reveal()),
    };
    let using = credential;
    const load = new SteadyLoad(running, 6, () => ({ credential: using }));
    await expect.poll(() => load.sent).toBeGreaterThan(50);

    files.writeConfig(withFirstStore(({ credentials }) => ({ credentials: [...credentials, reference] })));
    running.signal('SIGHUP');
    await logged({ msg: RELOADED, changes: [`keyStores.first.credentials.${fresh.accessKeyId}: added`] });
    using = fresh;
    await expect.poll(() => load.sent).toBeGreaterThan(200);
    expect([...(await load.stop()).outcomes.keys()]).toEqual([200]);

    files.writeConfig(withFirstStore(() => ({ credentials: [reference], keys: [{ id: 'foo', status: 'blocked' }] })));
    running.signal('SIGHUP');
    await logged({
      msg: RELOADED,
      changes: [
        `keyStores.first.credentials.${files.credentials[0].accessKeyId}: removed`,
        `keyStores.first.credentials.${files.credentials[1].accessKeyId}: removed`,
        'keyStores.first.keys.foo.status: "enabled" to "blocked"',
        'keyStores.first.keys.blocked: removed',
      ],
    });
    // The workers take connections in turn, so each of them answers.
    for (let time = 0; time < 4; time += 1) {
      expect(await running.post(paths.encrypt, encryptBody)).toMatchObject({
        status: 401,
        body: { errorName: 'AuthenticationFailedException' },
      });
      expect(await running.post(paths.encrypt, encryptBody, { credential: fresh })).toMatchObject({
        status: 400,
        body: { errorName: 'InvalidStateException' },
      });
    }
  });

  it('a bad configuration changes nothing', async () => {
    files.writeConfig({ ...withFirstStore(() => ({ keyManagers: ['gone'] })), colour: 'red' });
    running.signal('SIGHUP');
    const { problems } = await logged({ msg: REFUSED, trigger: 'SIGHUP' });
    expect(problems).toEqual([
      expect.stringMatching(/^line \d+, column 1: has an unknown key "colour"$/),
      expect.stringMatching(
        /^keyStores\[0\]\.keyManagers\[0\] \(line \d+\): names no key manager of this file \(given: "gone"\)$/,
      ),
    ]);
    await running.proveService();

    files.writeConfig(withFirstStore(() => ({}), { port: 1 }));
    running.signal('SIGHUP');
    await logged({ msg: `${REFUSED}. These changes need a restart`, changes: ['server.port: 0 to 1'] });
    await running.proveService();
  });

  it('the isolation of a library in use cannot change, and the refusal says so', async () => {
    const isolated = files.config.keyManagers.map(({ name, pkcs11 }) => ({
      name,
      pkcs11: { ...pkcs11, isolation: 'thread' },
    }));
    files.writeConfig({ ...withFirstStore(() => ({})), keyManagers: isolated });
    running.signal('SIGHUP');
    const { problems } = await logged({ msg: REFUSED });
    expect(String(problems)).toContain(
      `The PKCS#11 module ${files.softHsm.module} is in use with isolation: none. Another isolation needs a restart.`,
    );
    await running.proveService();
  });

  it('changed files are found without a signal: a new certificate drops no connection, and a bad pair is refused', async () => {
    const serials = async () => {
      const seen = await Promise.all(Array.from({ length: 4 }, () => serialOf(running.port)));
      return new Set(seen).size === 1 ? seen[0] : 'different ones';
    };
    const before = await serials();
    const load = new SteadyLoad(running, 4);
    const next = issueServerCertificate(testCertificates.ca);
    writeFileSync(join(files.folder, 'next.crt'), next.certificate);
    renameSync(join(files.folder, 'next.crt'), join(files.folder, 'server.crt'));
    const { problems } = await logged({ msg: REFUSED, trigger: 'files changed' });
    expect(problems).toEqual([expect.stringMatching(/^server\.tls\.privateKeyFile .*is not the private key of/)]);
    expect(await serials()).toBe(before);

    writeKeyPair(files.folder, 'server', next);
    await logged({
      msg: RELOADED,
      trigger: 'files changed',
      changes: ['server.tls.certificate: changed', 'server.tls.privateKey: changed'],
    });
    expect(await serials()).not.toBe(before);
    expect(await serials()).not.toBe('different ones');
    expect([...(await load.stop()).outcomes.keys()]).toEqual([200]);
  });

  it('a key manager is opened with its new settings, and one that cannot be opened changes nothing', async () => {
    const [manager] = files.config.keyManagers;
    const pkcs11 = { ...manager?.pkcs11, token: { label: 'no such token' } };
    files.writeConfig({ ...withFirstStore(() => ({})), keyManagers: [{ ...manager, pkcs11 }] });
    running.signal('SIGHUP');
    const { problems } = await logged({ msg: REFUSED });
    expect(problems).toEqual([expect.stringMatching(/^key manager softhsm: .*no such token/)]);
    await running.proveService();

    const load = new SteadyLoad(running, 4);
    const replaced = { ...manager, name: 'replaced' };
    const keyStores = files.config.keyStores.map((store) => ({ ...store, keyManagers: ['replaced'] }));
    files.writeConfig({ ...withFirstStore(() => ({})), keyManagers: [replaced], keyStores });
    running.signal('SIGHUP');
    await logged({ msg: RELOADED });
    await logged({ msg: 'request', keyManager: 'replaced' });
    expect([...(await load.stop()).outcomes.keys()]).toEqual([200]);
  });

  it('when the missing file of a refused configuration appears, the configuration is reloaded', async () => {
    const fresh = newCredential();
    const secretAccessKey = { file: join(files.folder, 'later.secret') };
    files.writeConfig(
      withFirstStore(({ credentials }) => ({
        credentials: [...credentials, { accessKeyId: fresh.accessKeyId, secretAccessKey }],
      })),
    );
    const { problems } = await logged({ msg: REFUSED, trigger: 'files changed' });
    expect(problems).toEqual([
      expect.stringMatching(/secretAccessKey \(line \d+\): names \S+\/later\.secret, which cannot be read \(ENOENT\)$/),
    ]);
    files.writeSecret('later', fresh.secretAccessKey.reveal());
    await logged({ msg: RELOADED, trigger: 'files changed' });
    expect(await running.post(paths.encrypt, encryptBody, { credential: fresh })).toMatchObject({ status: 200 });
    expect(running.log.slice(seen).filter(({ msg }) => msg === REFUSED)).toHaveLength(1);
  });

  it('a certificate that OpenSSL refuses changes nothing', async () => {
    const files1024 = ['-keyout', join(files.folder, 'server.key'), '-out', join(files.folder, 'server.crt')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=localhost', ...files1024], {
      stdio: 'ignore',
    });
    files.writeConfig(withFirstStore(() => ({ keys: [] })));
    running.signal('SIGHUP');
    const { problems } = await logged({ msg: REFUSED, trigger: 'SIGHUP' });
    expect(problems).toEqual([
      expect.stringMatching(/^server\.tls\.certificateFile .*An RSA key of 1024 bits is too weak for TLS\./),
    ]);
    await running.proveService();
  });

  it.each<[string, () => string | Buffer, RegExp]>([
    [
      'in UTF-16',
      () => Buffer.from(`\uFEFF${stringify(withFirstStore(() => ({})))}`, 'utf16le'),
      /^the file is UTF-16/,
    ],
    [
      'with a secret in place of its file',
      () => {
        const [credential] = files.credentials;
        const secretAccessKey = { file: credential.secretAccessKey.reveal() };
        return stringify(withFirstStore(() => ({ credentials: [{ ...credential, secretAccessKey }] })));
      },
      /secretAccessKey \(line \d+\): names a file .* its name is not shown/,
    ],
    [
      'with a variable for the host',
      () => stringify(withFirstStore(() => ({}), { host: '${HOST}' })),
      /^server\.host /,
    ],
  ])('a configuration %s changes nothing, and no secret is logged', async (_what, content, problem) => {
    writeFileSync(files.configFile, content());
    running.signal('SIGHUP');
    const { problems } = await logged({ msg: REFUSED, trigger: 'SIGHUP' });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    const log = JSON.stringify(running.log.slice(seen));
    for (const { secretAccessKey } of files.credentials) expect(log).not.toContain(secretAccessKey.reveal());
    await running.proveService();
  });

  it('warnings of a reload are logged', async () => {
    writeFileSync(join(files.folder, 'never.cedar'), NEVER, { mode: 0o600 });
    files.writeConfig(withFirstStore(() => ({ policyFile: join(files.folder, 'never.cedar') })));
    running.signal('SIGHUP');
    const warnings = () => running.log.slice(seen).filter(({ level }) => level === 'warn');
    await expect
      .poll(() => warnings().map(({ msg }) => msg))
      .toContainEqual(expect.stringMatching(/never\.cedar: in "role": User::".*" is never met: .* write Role::/));
  });

  it('a deleted configuration changes nothing', async () => {
    rmSync(files.configFile);
    running.signal('SIGHUP');
    await logged({ msg: REFUSED, problems: ['the file cannot be read (ENOENT)'] });
    await running.proveService();
  });
});

it('a key manager that hangs while it opens does not prevent the proxy from ending', async () => {
  const files = new ProxyFiles();
  onTestFinished(() => {
    files.dispose();
  });
  const hanging = createFaultyModule({ ...files.softHsm, separate: true });
  onTestFinished(() => {
    hanging.dispose();
  });
  const running = await RunningProxy.start(files);
  hanging.inject({ on: 'C_Login', does: 'hang' });
  const [manager] = files.config.keyManagers;
  const pkcs11 = { ...manager?.pkcs11, module: hanging.module, isolation: 'thread' };
  files.writeConfig({ ...files.config, keyManagers: [manager, { name: 'hanging', pkcs11 }] });
  running.signal('SIGHUP');
  await expect.poll(() => hanging.counts().get('C_Login')).toBe(1);
  await running.proveService();
  running.signal('SIGTERM');
  await running.logged({ msg: 'stopped' });
  // The call never returns, so the process kills itself.
  expect(await running.exitCode).toBe(null);
});

/** Serial number of the certificate that the server shows to a new connection. */
function serialOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: testCertificates.ca.certificate });
    socket.once('error', reject).once('secureConnect', () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
  });
}
