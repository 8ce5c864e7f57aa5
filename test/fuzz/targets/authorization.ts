import assert from 'node:assert/strict';
import { AuthenticationFailure } from '../../../src/sigv4/authenticationFailure.ts';
import { parseAuthorizationHeader } from '../../../src/sigv4/authorizationHeader.ts';
import { formatScope, SERVICE } from '../../../src/sigv4/credentialScope.ts';
import { accessKeyIdOf } from '../../../src/kms/api/accessKeyId.ts';
import { KmsError } from '../../../src/kms/kmsError.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';
import { signatureVectors } from '../vectors.ts';

/**
 * The Authorization header of the proxy, and that of the local KMS. Other spellings of a header that the proxy accepts
 * differ only in blanks, and the local KMS reads the same access key id from it.
 */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: signatureVectors.flatMap(({ headers }) => headers['Authorization'] ?? []),
  words: ['AWS4-HMAC-SHA256 ', 'Credential=', 'SignedHeaders=', 'Signature=', 'kms-xks-proxy', '/aws4_request', ';'],
  check: (input) => {
    const text = input.toString('latin1');
    const seenByKms = unlessRefused(KmsError, () => accessKeyIdAsKms(text));
    const header = unlessRefused(AuthenticationFailure, () => parseAuthorizationHeader(text));
    if (!header) return;
    const { accessKeyId, scope, signedHeaders, signature } = header;
    if (seenByKms !== undefined) assert.equal(seenByKms, accessKeyId);
    const parts = [
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${formatScope(scope)}`,
      `SignedHeaders=${signedHeaders.join(';')}`,
      `Signature=${signature}`,
    ];
    assert.equal(parts.join(','), text.replaceAll(', ', ','));
    assert.deepEqual(signedHeaders, [...new Set(signedHeaders)].sort());
  },
};

function accessKeyIdAsKms(authorization: string): string {
  const headers: Record<string, string> = { authorization, 'x-amz-date': '20261122T081500Z' };
  const request = { get: (name: string) => headers[name.toLowerCase()] } as unknown as Parameters<
    typeof accessKeyIdOf
  >[0];
  const service = { signingName: SERVICE } as Parameters<typeof accessKeyIdOf>[1];
  return accessKeyIdOf(request, service, { region: 'us-east-1', accountId: '123456789012' });
}
