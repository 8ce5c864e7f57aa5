import { hash } from 'node:crypto';
import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import request from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { handSigned, type HandSignedOptions } from '../support/handSigned.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { REGION, signedHeaders, withSecret } from '../support/signedRequest.ts';

let proxy: ProxyUnderTest;
beforeEach(() => {
  proxy = new ProxyUnderTest();
});

const body = JSON.stringify(encryptBody);
const MINUTE = 60_000;

function signed(options: Partial<HandSignedOptions> = {}): Record<string, string> {
  return handSigned({ credential: proxy.credentials[0], path: paths.encrypt, body, ...options });
}

async function send(headers: Record<string, string>, sent = body, path = paths.encrypt) {
  return request(proxy.listener).post(path).set(headers).send(sent);
}

describe('is accepted:', () => {
  it('a signature of aws4 over more headers than KMS signs', async () => {
    const headers = signedHeaders({ path: paths.encrypt, body, credential: proxy.credentials[0] });
    expect(headers['Authorization']).toContain('content-length;content-type;host;x-amz-date');
    expect((await send(headers)).status).toBe(200);
  });

  it.each([
    ['a tab and blanks', 'a\t b  c'],
    ['UTF-8', 'Gr\u00fc\u00dfe \u00e0'],
  ])('a signature of aws4 over a header with %s', async (_what, note) => {
    const headers = { 'X-Note': note };
    const signed = signedHeaders({ path: paths.encrypt, body, credential: proxy.credentials[0], headers });
    expect((await send(signed)).status).toBe(200);
  });

  it('a signature of @smithy/signature-v4', async () => {
    const { accessKeyId, secretAccessKey } = proxy.credentials[0];
    const signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() },
      region: REGION,
      service: 'kms-xks-proxy',
      sha256: Hash.bind(null, 'sha256'),
    });
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: 'https:',
      hostname: 'xks.example.com',
      path: paths.encrypt,
      headers: { host: 'xks.example.com' },
      body,
    });
    expect((await send(headers)).status).toBe(200);
  });

  it.each<[string, Partial<HandSignedOptions>]>([
    ['host;x-amz-date, as KMS signs', {}],
    ['commas without a space', { separator: ',' }],
    [
      'spaces around and within a signed value',
      { signedHeaders: 'host;x-amz-date;x-note', headers: { 'x-note': 'a b' } },
    ],
    ['a clock 4 minutes behind', { date: new Date(Date.now() - 4 * MINUTE) }],
    ['a clock 4 minutes ahead', { date: new Date(Date.now() + 4 * MINUTE) }],
  ])('%s', async (_what, options) => {
    const headers = signed(options);
    if (headers['x-note']) headers['x-note'] = '  a    b ';
    expect((await send(headers)).status).toBe(200);
  });
});

describe('is refused with AuthenticationFailedException:', () => {
  async function expectRefused(headers: Record<string, string>, sent = body): Promise<string> {
    const response = await send(headers, sent);
    expect(response.body).toMatchObject({ errorName: 'AuthenticationFailedException' });
    expect(response.status).toBe(401);
    expect(proxy.keyManager.encrypted).toHaveLength(0);
    return (response.body as { errorMessage: string }).errorMessage;
  }

  it.each<[string, Partial<HandSignedOptions>]>([
    ['host not signed', { signedHeaders: 'x-amz-date' }],
    ['x-amz-date not signed', { signedHeaders: 'host' }],
    ['an x-amz-* header not signed', { headers: { 'x-amz-security-token': 't' } }],
    ['a signed header that the request does not have', { signedHeaders: 'host;x-amz-date;x-gone' }],
    ['unsorted signed headers', { signedHeaders: 'x-amz-date;host' }],
    ['a signed header named twice', { signedHeaders: 'host;host;x-amz-date' }],
    ['signed headers in capitals', { signedHeaders: 'Host;host;x-amz-date' }],
    ['another service', { service: 'kms' }],
    ['another terminator', { terminator: 'aws5_request' }],
    ['another region', { region: 'eu-west-1' }],
    ['another day in the scope', { scopeDate: '20200101' }],
    ['a clock 6 minutes behind', { date: new Date(Date.now() - 6 * MINUTE) }],
    ['a clock 6 minutes ahead', { date: new Date(Date.now() + 6 * MINUTE) }],
    ['a space before the comma', { separator: ' ,' }],
    ['two spaces after the comma', { separator: ',  ' }],
  ])('%s', async (_what, options) => {
    await expectRefused(signed(options));
  });

  it.each<[string, (headers: Record<string, string>) => void]>([
    ['no Authorization', (headers) => delete headers['authorization']],
    ['an empty Authorization', (headers) => (headers['authorization'] = '')],
    ['another scheme', (headers) => (headers['authorization'] = 'Basic Zm9vOmJhcg==')],
    ['an endless Authorization', (headers) => (headers['authorization'] = `AWS4-HMAC-SHA256 ${'a'.repeat(8000)}`)],
    [
      'a signature in capitals',
      (headers) => {
        change(headers, /[0-9a-f]{64}$/, (text) => text.toUpperCase());
      },
    ],
    [
      'a signature one digit short',
      (headers) => {
        change(headers, /[0-9a-f]$/, () => '');
      },
    ],
    [
      'a flipped signature',
      (headers) => {
        change(headers, /[0-9a-f]$/, (digit) => (digit === '0' ? '1' : '0'));
      },
    ],
    ['no x-amz-date', (headers) => delete headers['x-amz-date']],
    ['x-amz-date in another form', (headers) => (headers['x-amz-date'] = new Date().toISOString())],
    ['another host than was signed', (headers) => (headers['host'] = 'evil.example.com')],
  ])('%s', async (_what, spoil) => {
    const headers = signed();
    spoil(headers);
    await expectRefused(headers);
  });

  it('a body that was changed after signing', async () => {
    await expectRefused(signed(), `${body} `);
  });

  it('a changed body with the x-amz-content-sha256 of the signed body', async () => {
    const headers = signed({
      signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
      headers: { 'x-amz-content-sha256': hash('sha256', body) },
    });
    expect((await send(headers)).status).toBe(200);
    proxy.keyManager.encrypted.length = 0;
    await expectRefused(headers, `${body} `);
  });

  it('a signature made for another key', async () => {
    const response = await send(signed(), body, paths.decrypt);
    expect(response.status).toBe(401);
  });

  it('an unknown access key id, with the same answer as a wrong secret', async () => {
    const stranger = newCredential();
    const unknown = await expectRefused(signed({ credential: stranger }));
    const wrong = await expectRefused(
      signed({ credential: withSecret(proxy.credentials[0], stranger.secretAccessKey.reveal()) }),
    );
    expect(unknown).toBe(wrong);
  });

  it('a request whose date is too old for the clock of the proxy', async () => {
    const headers = signed();
    proxy.clockOffset = 5 * MINUTE + 2000;
    await expectRefused(headers);
  });

  it('a wrong signature, and the log contains neither a secret nor a signature', async () => {
    const headers = signed({ region: 'eu-west-1' });
    await expectRefused(headers);
    const log = JSON.stringify(proxy.logged);
    for (const secret of [/[0-9a-f]{64}/, proxy.credentials[0].secretAccessKey.reveal()])
      expect(log).not.toMatch(secret);
  });
});

function change(headers: Record<string, string>, pattern: RegExp, replace: (match: string) => string): void {
  headers['authorization'] = (headers['authorization'] ?? '').replace(pattern, replace);
}
