import { describe, expect, it } from 'vitest';
import { describeAnswer, describeRequest, printable } from '../../../src/conformance/describeExchange.ts';
import type { WireRequest } from '../../../src/xksClient/sendRequest.ts';

const signature = 'ab'.repeat(32);
const request: WireRequest = {
  method: 'POST',
  path: '/kms/xks/v1/health',
  headers: [
    ['host', 'xks.example.com'],
    ['content-type', 'application/json'],
    ['content-encoding', 'gzip'],
    ['x-amz-date', '20260102T030405Z'],
    ['authorization', `AWS4-HMAC-SHA256 Credential=ID/20260102/r/s/t, SignedHeaders=host, Signature=${signature}`],
  ],
  body: Buffer.from(JSON.stringify({ plaintext: 'A'.repeat(100) })),
};

describe('describeRequest', () => {
  it('shows unusual parts, and shortens long texts', () => {
    expect(describeRequest(request, false)).toBe(
      `POST /kms/xks/v1/health  content-encoding: gzip  {"plaintext":"${'A'.repeat(24)}... (100 characters)"}`,
    );
  });

  it('shows how a request was signed, but neither the signature nor the access key id', () => {
    const text = describeRequest(request, true);
    expect(text).toContain('Credential=(id)/20260102/r/s/t, SignedHeaders=host, Signature=(signature)');
    expect(text).not.toContain(signature);
  });

  it('also removes the signature from a query', () => {
    const path = `/health?X-Amz-Credential=ID%2F20260102&X-Amz-Signature=${signature}`;
    expect(describeRequest({ ...request, path }, false)).toContain(
      '/health?X-Amz-Credential=(id)%2F20260102&X-Amz-Signature=(signature)',
    );
  });
});

describe('describeAnswer', () => {
  it('is status and body in printable ASCII', () => {
    expect(describeAnswer({ status: 400, body: Buffer.from('{"errorName":"\x1b[31m\u00a7"}') })).toBe(
      '400 {"errorName":"\\u{1b}[31m\\u{a7}"}',
    );
  });

  it('hides a signature that the target computed', () => {
    expect(describeAnswer({ status: 401, body: Buffer.from(`expected ${signature}`) })).toBe('401 expected (64 hex)');
  });

  it('is cut short', () => {
    expect(describeAnswer({ status: 200, body: Buffer.alloc(5_000, 'x') })).toMatch(
      /^200 x{400}\.\.\. \(5000 bytes\)$/,
    );
  });
});

it('printable escapes every other character, of any plane', () => {
  expect(printable('a\n\u{1f511}')).toBe('a\\u{a}\\u{1f511}');
});
