import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import aws4 from 'aws4';
import { stringsToSign } from '../../../src/sigv4/canonicalRequest.ts';
import { parsePath } from '../../../src/xks/path.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { signatureVectors } from '../vectors.ts';

// aws4 omits these headers, and includes all others in any case.
const OTHERWISE_IN_AWS4 = new Set(
  'authorization connection x-amzn-trace-id user-agent expect presigned-expires range x-amz-content-sha256'.split(' '),
);
// It also omits names like `constructor`, because it looks them up in an object.
const isInAws4 = (name: string) => !OTHERWISE_IN_AWS4.has(name) && !(name in Object.prototype);
// HTTP's field values without the blanks of Latin-1, which aws4 treats like those of HTTP.
const VALUE = /^[\t\x20-\x7e\x80-\x84\x86-\x9f\xa1-\xff]*$/;
const AMZ_DATE = '20261122T081500Z';
const SCOPE = { date: '20261122', region: 'us-east-1' };

/**
 * A path, header lines, an empty line and a body. One of the canonical requests that the proxy accepts must be that of
 * aws4.
 */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: signatureVectors.map(({ path, headers, body }) =>
    [path, ...Object.entries(headers).map(([name, value]) => `${name.toLowerCase()}:${value}`), '', body].join('\n'),
  ),
  words: ['\nhost:', '\nx-amz-', '\t', '  ', '\xc3\xa9'],
  check: (input) => {
    const text = input.toString('latin1');
    const end = text.indexOf('\n\n');
    if (end === -1) return;
    const [path = '', ...lines] = text.slice(0, end).split('\n');
    const headers = new Map(lines.map((line): [string, string] => splitAt(line, line.indexOf(':'))));
    const names = [...headers.keys()].sort();
    const areTokens = names.every((name) => /^[a-z0-9_-]+$/.test(name) && isInAws4(name));
    if (
      !parsePath(path) ||
      !headers.get('host') ||
      !areTokens ||
      ![...headers.values()].every((value) => VALUE.test(value))
    )
      return;

    const body = input.subarray(end + 2);
    const signed = names.map((name) => [name, headers.get(name) ?? ''] as const);
    const strings = stringsToSign(AMZ_DATE, SCOPE, { method: 'POST', path, headers: signed, body });
    assert.ok(strings.includes(stringOfAws4(path, Object.fromEntries(signed), body)));
  },
};

function splitAt(text: string, index: number): [string, string] {
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function stringOfAws4(path: string, headers: Record<string, string>, body: Buffer): string {
  const request = { method: 'POST', path, headers, body, service: 'kms-xks-proxy', region: SCOPE.region };
  const signer = new aws4.RequestSigner(
    { ...request, doNotModifyHeaders: true },
    {
      accessKeyId: 'A',
      secretAccessKey: 'S',
    },
  ) as unknown as { canonicalString(): string };
  const canonical = signer.canonicalString();
  const scope = `${SCOPE.date}/${SCOPE.region}/kms-xks-proxy/aws4_request`;
  return ['AWS4-HMAC-SHA256', AMZ_DATE, scope, hash('sha256', canonical)].join('\n');
}
