import assert from 'node:assert/strict';
import { z } from 'zod';
import { parseBody } from '../../../src/kms/api/parseBody.ts';
import { canonicalContext } from '../../../src/kms/cryptography/canonicalContext.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import * as members from '../../../src/kms/operations/members.ts';
import { parseInput } from '../../../src/kms/operations/parseInput.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';

const all = Object.entries<z.ZodType | object>(members).filter(
  (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
);
const shape = z.object(Object.fromEntries(all)).partial();

/**
 * The body of a request to the local KMS, with members of every operation, also of credential files and trust anchors.
 */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: [
    {
      xksProxyUriPath: '/example/kms/xks/v1',
      xksProxyUriEndpoint: 'https://xks.example.com',
      xksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'a'.repeat(43) },
      xksProxyConnectivity: 'PUBLIC_ENDPOINT',
    },
    {
      customKeyStoreName: 'n',
      cloudHsmClusterId: 'cluster-abcdefghij2',
      keyStorePassword: 'password',
      trustAnchorCertificate: '-----BEGIN',
    },
    {
      keyId: 'alias/a',
      plaintext: 'AAAA',
      encryptionContext: { a: 'b', c: '\u00e9' },
      grantTokens: ['a'],
      dryRunModifiers: [],
    },
    { ciphertextBlob: 'AQ==', recipient: { AttestationDocument: 'AQ==' }, numberOfBytes: 32, limit: 1, marker: 'a' },
    {
      tags: [{ TagKey: 'k', TagValue: 'v' }],
      policy: '{}',
      description: null,
      rotationPeriodInDays: 90,
      grantOperations: ['Decrypt'],
    },
  ].map((input) => JSON.stringify(input)),
  words: [...all.map(([name]) => `"${name}":`), '"__proto__":', '\\ud800', '[[', '{"":', 'null', '1e400', 'AA=='],
  check: (input) => {
    const body = unlessRefused(KmsError, () => parseBody(input));
    if (!body) return;
    const given = body as Record<string, unknown>;
    const taken = unlessRefused(KmsError, () => parseInput(shape, body));
    for (const [name, value] of Object.entries(taken ?? {})) {
      // Blobs are decoded, and all other members are unchanged.
      if (value instanceof Buffer) assert.deepEqual(value, Buffer.from(String(given[name]), 'base64'));
      else if (typeof value !== 'object') assert.equal(value, given[name]);
    }
    const context = taken?.['encryptionContext'] as Record<string, string> | undefined;
    const bytes = context && unlessRefused(KmsError, () => canonicalContext(context));
    if (bytes) assert.deepEqual(readContext(bytes), new Map(Object.entries(context)));
  },
};

/** The pairs that the canonical bytes of a context encode. */
function readContext(bytes: Buffer): Map<string, string> {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
    texts.push(bytes.toString('utf8', at + 2, at + 2 + bytes.readUInt16BE(at)));
  }
  const pairs = new Map<string, string>();
  for (let index = 0; index < texts.length; index += 2) pairs.set(texts[index] ?? '', texts[index + 1] ?? '');
  return pairs;
}
