import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import {
  createCertificateAuthority,
  issueIntermediate,
  issueServerCertificate,
  type KeyPair,
} from '../../certs/issueCertificate.ts';
import { testCertificates } from '../support/certificates.ts';
import { CommandHere } from '../support/commandHere.ts';
import { opensslCertificate } from '../support/opensslCertificate.ts';
import { reconfigure } from '../support/reconfigurableProxy.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { runProgram } from '../support/runProgram.ts';

const REFUSED = 'the configuration is not reloaded: the previous one stays in force';
const { ca, server } = testCertificates;
const days = (count: number) => new Date(Date.now() + count * 86_400_000);
const withLines = (pem: string) => pem.replaceAll('\r', '').trim();
const caPem = withLines(ca.certificate);
const secondCa = createCertificateAuthority({ commonName: 'second' });

let files: ProxyFiles;
let running: RunningProxy;
beforeAll(async () => {
  files = new ProxyFiles();
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers: 2 } });
  running = await RunningProxy.start(files);
});
afterEach(async () => {
  writeKeyPair(files.folder, 'server', server);
  await reconfigure(running, configWith());
});
afterAll(() => running.dispose());

function configWith(clientCa?: string): object {
  const caFile = join(files.folder, 'client-ca.crt');
  if (clientCa !== undefined) writeFileSync(caFile, clientCa);
  const clientAuth = clientCa !== undefined && { clientAuth: { caFile, commonNames: ['a'] } };
  const tls = { certificateFile: join(files.folder, 'server.crt'), privateKeyFile: join(files.folder, 'server.key') };
  return { ...files.config, server: { ...files.config.server, workers: 2, tls: { ...tls, ...clientAuth } } };
}

/** Expects the refusal in `config check`, at the start, and in a reload, where the old configuration stays in force. */
async function expectRefusal(problem: RegExp): Promise<void> {
  const seen = running.log.length;
  const check = await runCommandHere(['config', 'check', '--config', files.configFile]);
  expect(check).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(problem) as string });
  const serve = new CommandHere(['serve', '--config', files.configFile]);
  expect(await serve.exitCode).toBe(1);
  expect(serve.output).toMatch(problem);
  running.signal('SIGHUP');
  const { problems } = await running.logged({ msg: REFUSED, trigger: 'SIGHUP' }, seen);
  expect(problems).toEqual([expect.stringMatching(problem)]);
  await running.proveService();
}

describe('a key pair that clients cannot use is refused', () => {
  it.each<[string, () => KeyPair, RegExp]>([
    [
      'a key on secp256k1',
      () => opensslCertificate({ newKey: 'ec -pkeyopt ec_paramgen_curve:secp256k1' }),
      /server\.tls\.certificateFile \(line \d+\): KMS cannot use a key on secp256k1\./,
    ],
    ['Ed25519', () => opensslCertificate({ newKey: 'ed25519' }), /KMS cannot use a key of type ed25519\./],
    ['RSA of 1024 bits', () => opensslCertificate({ newKey: 'rsa:1024' }), /An RSA key of 1024 bits is too weak/],
    [
      'a certificate that is valid from tomorrow',
      () => issueServerCertificate(ca, { notBefore: days(1) }),
      /CN=localhost is not valid before 20/,
    ],
    ['an expired certificate', () => issueServerCertificate(ca, { notAfter: days(-1) }), /CN=localhost expired on 20/],
    [
      'a certificate for TLS clients',
      () => opensslCertificate({ extensions: ['extendedKeyUsage=clientAuth'] }),
      /handshake of the proxy with itself fails: the certificate is not for TLS servers/,
    ],
    [
      'a private key in the certificate file',
      () => ({ ...server, certificate: server.certificate + server.privateKey }),
      /server\.tls\.certificateFile \(line \d+\): \S+server\.crt: line \d+: a private key/,
    ],
    [
      'the certificate of the issuer first',
      () => ({ ...server, certificate: ca.certificate + server.certificate }),
      /server\.tls\.privateKeyFile \(line \d+\): is the private key of certificate 2 in certificateFile/,
    ],
  ])('%s', async (_what, make, problem) => {
    writeKeyPair(files.folder, 'server', make());
    await expectRefusal(problem);
  });

  it('an encrypted key', async () => {
    const key = join(files.folder, 'server.key');
    const made = await runProgram(['openssl', 'pkey', '-in', key, '-aes256', '-passout', 'pass:secret']);
    writeFileSync(key, made.stdout);
    await expectRefusal(/server\.tls\.privateKeyFile \(line \d+\): .*server\.key: holds an encrypted private key/);
  });
});

describe('a client CA file that admits no client, or has an unreadable certificate, is refused', () => {
  it.each<[string, () => string, RegExp]>([
    [
      'certificates without a line break between them',
      () => `${caPem}${withLines(secondCa.certificate)}\n`,
      /server\.tls\.clientAuth\.caFile \(line \d+\): \S+client-ca\.crt: line \d+: .* two boundaries on one line/,
    ],
    [
      'a block cut off in the middle',
      () => `${caPem.split('\n').slice(0, 9).join('\n')}\n${secondCa.certificate}`,
      /client-ca\.crt: line 10: the certificate that begins on line 1 has no END line before another BEGIN line/,
    ],
    [
      'only an expired CA',
      () => createCertificateAuthority({ notAfter: days(-1) }).certificate,
      /No client can be admitted: .* expired on/,
    ],
    [
      'only an intermediate',
      () => issueIntermediate(ca).certificate,
      /No client can be admitted: .* is an intermediate/,
    ],
    ['only a leaf', () => server.certificate, /No client can be admitted: .*\(CA:FALSE\)/],
  ])('%s', async (_what, clientCa, problem) => {
    files.writeConfig(configWith(clientCa()));
    await expectRefusal(problem);
  });
});

describe('a warning', () => {
  const intermediate = issueIntermediate(ca);
  const expiredIntermediate = issueIntermediate(ca, { notAfter: days(-1) });
  it.each<[string, () => readonly KeyPair[], string | undefined, RegExp]>([
    [
      'a leaf without its intermediate',
      () => [issueServerCertificate(intermediate)],
      undefined,
      /certificateFile .*neither in the file/,
    ],
    [
      'an expired intermediate',
      () => [issueServerCertificate(expiredIntermediate), expiredIntermediate, ca],
      undefined,
      /certificateFile .*intermediate CA expired on/,
    ],
    [
      'a certificate that expires soon',
      () => [issueServerCertificate(ca, { notAfter: days(10) }), ca],
      undefined,
      /in 9 days\./,
    ],
    [
      'an expired CA beside a good one',
      () => [server, ca],
      caPem + '\n' + createCertificateAuthority({ commonName: 'old', notAfter: days(-1) }).certificate,
      /clientAuth\.caFile \(line \d+\): .*CN=old expired on/,
    ],
  ])('is given for %s', async (_what, chain, clientCa, warning) => {
    const seen = running.log.length;
    const [leaf, ...others] = chain();
    const certificate = [leaf, ...others].map((each) => each?.certificate).join('');
    writeKeyPair(files.folder, 'server', { privateKey: leaf?.privateKey ?? '', certificate });
    const config = configWith(clientCa);
    files.writeConfig(config);
    const outcome = await runCommandHere(['config', 'check', '--config', files.configFile]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(warning) as string });
    expect(outcome.stderr.match(/^warning/gm)).toHaveLength(1);
    await reconfigure(running, config);
    expect(running.log.slice(seen)).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(warning) as string }),
    );
  });

  it('is not given for a chain that ends in its root', async () => {
    const certificate = server.certificate + ca.certificate;
    writeKeyPair(files.folder, 'server', { ...server, certificate });
    const outcome = await runCommandHere(['config', 'check', '--config', files.configFile]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
