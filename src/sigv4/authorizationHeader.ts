import { AuthenticationFailure } from './authenticationFailure.ts';
import { SERVICE, TERMINATOR, type CredentialScope } from './credentialScope.ts';

export interface AuthorizationHeader {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  /** Lower-case names in sorted order, without duplicates. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string;
}

const MAX_CHARACTERS = 4_096;
const GRAMMAR =
  /^AWS4-HMAC-SHA256 Credential=([^\s,/]+)\/(\d{8})\/([^\s,/]+)\/([^\s,/]+)\/([^\s,/]+), ?SignedHeaders=([^\s,]+), ?Signature=([0-9a-f]{64})$/;

/**
 * Parses a SigV4 Authorization header. Throws AuthenticationFailedException if it does not have exactly this grammar.
 * Spec, "Authentication" and Appendix A.
 */
export function parseAuthorizationHeader(text: string): AuthorizationHeader {
  const parts = text.length <= MAX_CHARACTERS ? GRAMMAR.exec(text) : null;
  if (!parts) {
    const message = 'The Authorization header is not a well-formed AWS4-HMAC-SHA256 header.';
    throw new AuthenticationFailure(message, 'authorization-header');
  }
  const [, accessKeyId = '', date = '', region = '', service, terminator, signedHeaders = '', signature = ''] = parts;
  if (service !== SERVICE || terminator !== TERMINATOR) {
    const message = `The credential scope must end in ${SERVICE}/${TERMINATOR}.`;
    throw new AuthenticationFailure(message, 'credential-scope', accessKeyId);
  }
  return {
    accessKeyId,
    scope: { date, region },
    signedHeaders: parseSignedHeaders(signedHeaders, accessKeyId),
    signature,
  };
}

// Strictly ascending names are both sorted and free of duplicates.
function parseSignedHeaders(list: string, accessKeyId: string): string[] {
  const names = list.split(';');
  const ascending = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  if (!ascending || !names.every((name) => /^[a-z0-9_-]+$/.test(name))) {
    const message = 'SignedHeaders must be lower-case header names, sorted, without duplicates.';
    throw new AuthenticationFailure(message, 'signed-headers', accessKeyId);
  }
  return names;
}
