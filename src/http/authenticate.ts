import type { IncomingMessage } from 'node:http';
import { AuthenticationFailure } from '../sigv4/authenticationFailure.ts';
import { ACCESS_KEY_ID_PATTERN } from '../sigv4/credential.ts';
import type { SignatureVerifier, SignedRequest } from '../sigv4/signatureVerifier.ts';
import { known, type Step } from './exchange.ts';

/** Verifies the signature over the received bytes with the credentials of this key store only. Spec, "Authentication". */
export function authenticate(verifier: SignatureVerifier): Step {
  return async (exchange, req) => {
    const { credentials } = known(exchange.keyStore);
    const body = known(exchange.body);
    const signed = { method: req.method, path: req.originalUrl, headers: headersOf(req), body };
    try {
      exchange.accessKeyId = (await verifier.verify(signed, credentials)).accessKeyId;
    } catch (error) {
      if (!(error instanceof AuthenticationFailure)) throw error;
      const { check, claimedAccessKeyId = '' } = error;
      exchange.failedCheck = check;
      // Any other value is arbitrary text from a client, and may be a secret in the wrong place.
      if (ACCESS_KEY_ID_PATTERN.test(claimedAccessKeyId)) exchange.claimedAccessKeyId = claimedAccessKeyId;
      throw error;
    }
  };
}

// req.headers joins or drops repeated headers, but a verifier must see all of them.
function headersOf({ rawHeaders }: IncomingMessage): SignedRequest['headers'] {
  const headers = new Map<string, string | undefined>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    headers.set(name, headers.has(name) ? undefined : rawHeaders[index + 1]);
  }
  return headers;
}
