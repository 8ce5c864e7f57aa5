import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { computeCdiv } from '../../src/xks/cdiv.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { runProgram } from '../support/runProgram.ts';
import { OTHER_PREFIX, withSecret } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;
let credential: Credential;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles());
  [credential] = proxy.files.credentials;
});
afterAll(() => proxy.dispose());

interface CurlAnswer {
  readonly exitCode: number;
  readonly status: number;
  readonly httpVersion: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a POST with a real curl, signed by curl by default. */
async function curl(
  path: string,
  body: object,
  signer: Credential | undefined,
  ...options: string[]
): Promise<CurlAnswer> {
  const signing = signer
    ? [
        '--aws-sigv4',
        'aws:amz:us-east-1:kms-xks-proxy',
        '--user',
        `${signer.accessKeyId}:${signer.secretAccessKey.reveal()}`,
      ]
    : [];
  const args = [
    ...['--silent', '--max-time', '20', '--cacert', proxy.files.caFile, '-H', 'Content-Type: application/json'],
    ...signing,
    ...['--data-binary', '@-', '--write-out', '\n%{http_code} %{http_version}'],
    ...options,
    `${proxy.origin}${path}`,
  ];
  const { exitCode, stdout } = await runProgram(['curl', ...args], { input: JSON.stringify(body) });
  const [, text = '', status, httpVersion = ''] = /^([^]*)\n(\d+) (\S+)$/.exec(stdout) ?? [];
  const parsed = (text === '' ? {} : JSON.parse(text)) as CurlAnswer['body'];
  return { exitCode, status: Number(status), httpVersion, body: parsed };
}

describe('curl --aws-sigv4', () => {
  it('GetHealthStatus', async () => {
    expect(await curl(paths.health, { requestMetadata: healthMetadata }, credential)).toMatchObject({
      status: 200,
      body: {
        xksProxyFleetSize: 1,
        xksProxyVendor: 'xks-proxy',
        xksProxyModel: expect.stringMatching(/^xks-proxy \d+\.\d+\.\d+/) as string,
        ekmVendor: 'SoftHSM project',
        ekmFleetDetails: [
          {
            id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
            model: expect.stringMatching(/^SoftHSM v2 \(/) as string,
            // The status is DEGRADED if the machine was busy during the check.
            healthStatus: expect.stringMatching(/^(ACTIVE|DEGRADED)$/) as string,
          },
        ],
      },
    });
  });

  it('GetKeyMetadata', async () => {
    expect(await curl(paths.metadata, { requestMetadata }, credential)).toMatchObject({
      status: 200,
      body: {
        keySpec: 'AES_256',
        keyUsage: expect.arrayContaining(['ENCRYPT', 'DECRYPT']) as string[],
        keyStatus: 'ENABLED',
      },
    });
  });

  it.each([
    ['without AAD', {}],
    ['with AAD', { additionalAuthenticatedData: Buffer.from('project=nile').toString('base64') }],
    ['and asks for a CDIV', { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' }],
  ])('Encrypt and Decrypt, %s', async (_how, fields) => {
    const request = { ...encryptBody, ...fields };
    const sealed = await curl(paths.encrypt, request, credential);
    expect(sealed).toMatchObject({ exitCode: 0, status: 200, httpVersion: '1.1' });
    const { ciphertextDataIntegrityValue: cdiv, ...ciphertext } = sealed.body;
    expect(cdiv).toEqual('ciphertextDataIntegrityValueAlgorithm' in fields ? cdivOf(ciphertext) : undefined);
    const opened = await curl(paths.decrypt, { ...request, ...ciphertext }, credential);
    expect(opened).toMatchObject({ status: 200, body: { plaintext: encryptBody.plaintext } });
  });

  it('with the second credential of the key store, and with that of the second key store', async () => {
    const [, second] = proxy.files.credentials;
    expect(await curl(paths.encrypt, encryptBody, second)).toMatchObject({ status: 200 });
    const path = keyPath('bar', 'encrypt', OTHER_PREFIX);
    expect(await curl(path, encryptBody, proxy.files.otherCredential)).toMatchObject({ status: 200 });
  });

  it.each<[string, string, BufferEncoding]>([
    ['a tab', 'a\tb', 'latin1'],
    ['blanks and tabs around and within', ' \t a \t  b\t ', 'latin1'],
    ['UTF-8', 'Gr\u00fc\u00dfe \u00e0', 'utf8'],
    ['Latin-1', 'Gr\u00fc\u00dfe \u00e0', 'latin1'],
  ])('a signed header with %s', async (_what, value, encoding) => {
    const headerFile = join(proxy.files.folder, 'header.txt');
    writeFileSync(headerFile, `X-Note: ${value}`, encoding);
    expect(await curl(paths.encrypt, encryptBody, credential, '-H', `@${headerFile}`)).toMatchObject({ status: 200 });
  });

  it('in chunks', async () => {
    const options = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue'];
    expect(await curl(paths.encrypt, encryptBody, credential, ...options)).toMatchObject({ status: 200 });
  });

  it('offering HTTP/2, falls back to HTTP/1.1', async () => {
    expect(await curl(paths.encrypt, encryptBody, credential, '--http2')).toMatchObject({
      status: 200,
      httpVersion: '1.1',
    });
  });

  it.each([
    ['GET', paths.encrypt, 405],
    ['POST', `${paths.encrypt}?`, 404],
  ])('%s %s is answered with %i', async (method, path, status) => {
    expect(await curl(path, encryptBody, credential, '--request', method)).toMatchObject({ status });
  });
});

describe('curl is refused', () => {
  it('with a wrong secret, a signature of another region, or none', async () => {
    const refused = { status: 401, body: { errorName: 'AuthenticationFailedException' } };
    const wrong = withSecret(credential, 'x'.repeat(43));
    const elsewhere = ['--aws-sigv4', 'aws:amz:eu-west-1:kms-xks-proxy'];
    expect(await curl(paths.encrypt, encryptBody, wrong)).toMatchObject(refused);
    expect(await curl(paths.encrypt, encryptBody, credential, ...elsewhere)).toMatchObject(refused);
    expect(await curl(paths.encrypt, encryptBody, undefined)).toMatchObject(refused);
  });

  it('for the key store of another credential', async () => {
    const refused = { status: 401, body: { errorName: 'AuthenticationFailedException' } };
    expect(await curl(paths.encrypt, encryptBody, proxy.files.otherCredential)).toMatchObject(refused);
    const path = keyPath('bar', 'encrypt', OTHER_PREFIX);
    expect(await curl(path, encryptBody, credential)).toMatchObject(refused);
  });

  it("by its own check, if it does not trust the certificate's authority", async () => {
    const { certificateFile } = writeKeyPair(proxy.files.folder, 'other', testCertificates.client);
    const PEER_FAILED_VERIFICATION = 60;
    expect(await curl(paths.health, {}, credential, '--cacert', certificateFile)).toMatchObject({
      exitCode: PEER_FAILED_VERIFICATION,
    });
  });
});

function cdivOf(sealed: CurlAnswer['body']): string {
  const bytes = (field: string) => Buffer.from((sealed[field] ?? '') as string, 'base64');
  return computeCdiv({
    aad: Buffer.alloc(0),
    ciphertextMetadata: bytes('ciphertextMetadata'),
    iv: bytes('initializationVector'),
    ciphertext: bytes('ciphertext'),
    tag: bytes('authenticationTag'),
  });
}
