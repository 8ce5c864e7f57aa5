import assert from 'node:assert/strict';
import { AuthenticationFailure } from '../../../src/sigv4/authenticationFailure.ts';
import { parseAuthorizationHeader } from '../../../src/sigv4/authorizationHeader.ts';
import { formatScope } from '../../../src/sigv4/credentialScope.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';
import { signatureVectors } from '../vectors.ts';

/** The Authorization header of the proxy. What is accepted has no other spelling than a blank more or less. */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: signatureVectors.flatMap(({ headers }) => headers['Authorization'] ?? []),
  words: ['AWS4-HMAC-SHA256 ', 'Credential=', 'SignedHeaders=', 'Signature=', 'kms-xks-proxy', '/aws4_request', ';'],
  check: (input) => {
    const text = input.toString('latin1');
    const header = unlessRefused(AuthenticationFailure, () => parseAuthorizationHeader(text));
    if (!header) return;
    const { accessKeyId, scope, signedHeaders, signature } = header;
    const parts = [
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${formatScope(scope)}`,
      `SignedHeaders=${signedHeaders.join(';')}`,
      `Signature=${signature}`,
    ];
    assert.equal(parts.join(','), text.replaceAll(', ', ','));
    assert.deepEqual(signedHeaders, [...new Set(signedHeaders)].sort());
  },
};
