import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '../secret.ts';
import { AuthenticationFailure, type AuthenticationCheck } from './authenticationFailure.ts';
import { parseAuthorizationHeader } from './authorizationHeader.ts';
import { stringsToSign } from './canonicalRequest.ts';
import type { Credential } from './credential.ts';
import { SignatureCalculator } from './signature.ts';

export interface SignedRequest {
  readonly method: string;
  /** Raw request target. It has passed parsePath, so it has no query string and no escapes. */
  readonly path: string;
  /** Received values of all headers by lower-case name. Undefined for a header that was sent several times. */
  readonly headers: ReadonlyMap<string, string | undefined>;
  /** The received bytes. */
  readonly body: Uint8Array;
}

export interface SignatureVerifierOptions {
  /** Regions accepted in the credential scope. */
  readonly regions: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000;

/** Verifies SigV4 signatures by the rules of the contract (spec, "Authentication" and Appendix A). */
export class SignatureVerifier {
  readonly #regions: ReadonlySet<string>;
  readonly #clock: () => number;
  readonly #calculator = new SignatureCalculator();
  // Replaces the credential of an unknown access key id, so that this case takes as long as a wrong secret.
  readonly #decoy: Credential = {
    accessKeyId: 'DECOYDECOYDECOYDECOY',
    secretAccessKey: new Secret(randomBytes(32).toString('base64')),
  };

  constructor({ regions, clock }: SignatureVerifierOptions) {
    this.#regions = regions;
    this.#clock = clock;
  }

  /** Returns the credential that signed the request. Throws AuthenticationFailure if none of `credentials` did. */
  async verify(request: SignedRequest, credentials: ReadonlyMap<string, Credential>): Promise<Credential> {
    // 1. There is exactly one Authorization header, because two would be ambiguous.
    const header = request.headers.get('authorization');
    if (header === undefined) throw missing('authorization', 'authorization-header');
    const { accessKeyId, scope, signedHeaders, signature } = parseAuthorizationHeader(header);
    const refuse = (check: AuthenticationCheck, message: string): never => {
      throw new AuthenticationFailure(message, check, accessKeyId);
    };

    // 2. The signature covers host, x-amz-date and every x-amz-* header, and only headers that the request has.
    for (const name of ['host', 'x-amz-date']) {
      if (!signedHeaders.includes(name)) refuse('signed-headers', `SignedHeaders must contain ${name}.`);
    }
    for (const name of request.headers.keys()) {
      if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) {
        refuse('signed-headers', 'Every x-amz-* header of the request must be among SignedHeaders.');
      }
    }
    const headers = signedHeaders.map((name) => {
      const value = request.headers.get(name);
      if (value === undefined) throw missing(name, 'signed-headers', accessKeyId);
      return [name, value] as const;
    });

    // 3. The scope has an accepted region, and the day of x-amz-date.
    const amzDate = request.headers.get('x-amz-date') ?? '';
    if (!this.#regions.has(scope.region))
      refuse('credential-scope', 'The region of the credential scope is not accepted here.');
    if (scope.date !== amzDate.slice(0, 8))
      refuse('credential-scope', 'The credential scope must have the date of x-amz-date.');

    // 4. x-amz-date is within 5 minutes of our clock, either way.
    if (!(Math.abs(parseAmzDate(amzDate) - this.#clock()) <= MAX_CLOCK_SKEW_MS)) {
      refuse('x-amz-date', 'x-amz-date must be YYYYMMDDTHHMMSSZ, within 5 minutes of the time of the proxy.');
    }

    // 5. The access key id belongs to this key store. 6. The payload hash is that of the received bytes.
    // 7. The comparison takes constant time. An unknown access key id takes the same path and gets the same answer.
    const credential = credentials.get(accessKeyId);
    const texts = stringsToSign(amzDate, scope, {
      method: request.method,
      path: request.path,
      headers,
      body: request.body,
    });
    const given = Buffer.from(signature);
    let matches = false;
    for (const text of texts) {
      const expected = await this.#calculator.sign(credential ?? this.#decoy, scope, text);
      if (timingSafeEqual(Buffer.from(expected), given)) matches = true;
    }
    if (credential && matches) return credential;
    const message = 'The signature does not match, or the access key id is not one of this key store.';
    return refuse(credential ? 'signature' : 'access-key-id', message);
  }
}

function missing(name: string, check: AuthenticationCheck, accessKeyId?: string): AuthenticationFailure {
  return new AuthenticationFailure(`The request must have exactly one ${name} header.`, check, accessKeyId);
}

/** Returns `YYYYMMDDTHHMMSSZ` as milliseconds since the epoch. NaN for any other text. */
function parseAmzDate(text: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`);
}
