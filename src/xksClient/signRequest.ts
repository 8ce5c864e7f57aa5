import { createHmac, hash } from 'node:crypto';
import type { Credential } from '../sigv4/credential.ts';
import { ALGORITHM, SERVICE, TERMINATOR } from '../sigv4/credentialScope.ts';
import type { Header, WireRequest } from './sendRequest.ts';

export interface Signing {
  readonly credential: Credential;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Deviations of a signature from the correct one. */
export interface SigningDeviation {
  readonly credential?: Credential;
  /** Milliseconds since the epoch. */
  readonly time?: number;
  readonly amzDate?: string;
  readonly scope?: {
    readonly date?: string;
    readonly region?: string;
    readonly service?: string;
    readonly terminator?: string;
  };
  /** Listed and signed in this order. */
  readonly signedHeaders?: readonly string[];
  /** Parts to sign instead of those that are sent. */
  readonly covers?: {
    readonly method?: string;
    readonly path?: string;
    readonly query?: string;
    readonly body?: Uint8Array;
    readonly payloadHash?: string;
  };
  /** Changes the request after it was signed. */
  readonly edit?: (request: WireRequest) => WireRequest;
}

/**
 * Adds x-amz-date and Authorization to a request (spec, Appendix A). Shares no code with the proxy's verifier, so that
 * neither can hide a mistake of the other.
 */
export function signRequest(request: WireRequest, signing: Signing, deviation: SigningDeviation = {}): WireRequest {
  const { accessKeyId, secretAccessKey } = deviation.credential ?? signing.credential;
  const amzDate = deviation.amzDate ?? formatAmzDate(deviation.time ?? signing.time);
  const scope = {
    date: amzDate.slice(0, 8),
    region: signing.region,
    service: SERVICE,
    terminator: TERMINATOR,
    ...deviation.scope,
  };
  const scopeText = [scope.date, scope.region, scope.service, scope.terminator].join('/');
  const headers: Header[] = [...request.headers, ['x-amz-date', amzDate]];
  const signedHeaders = deviation.signedHeaders ?? ['host', 'x-amz-date'];

  const [path = '', query = ''] = request.path.split('?', 2);
  const { covers = {} } = deviation;
  const canonicalRequest = [
    covers.method ?? request.method,
    covers.path ?? path,
    covers.query ?? query,
    ...signedHeaders.map((name) => `${name.toLowerCase()}:${valueOf(headers, name)}`),
    '',
    signedHeaders.join(';'),
    covers.payloadHash ?? hash('sha256', covers.body ?? request.body),
  ].join('\n');
  const text = [ALGORITHM, amzDate, scopeText, hash('sha256', canonicalRequest)].join('\n');

  const signingKey = [scope.date, scope.region, scope.service, scope.terminator].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey.reveal()}`),
  );
  const signature = createHmac('sha256', signingKey).update(text).digest('hex');
  const authorization = [
    `${ALGORITHM} Credential=${accessKeyId}/${scopeText}`,
    `SignedHeaders=${signedHeaders.join(';')}`,
    `Signature=${signature}`,
  ].join(', ');
  const signed = { ...request, headers: [...headers, ['authorization', authorization] as const] };
  return deviation.edit?.(signed) ?? signed;
}

/** `YYYYMMDDTHHMMSSZ` */
export function formatAmzDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function valueOf(headers: readonly Header[], wanted: string): string {
  return headers
    .filter(([name]) => name.toLowerCase() === wanted.toLowerCase())
    .map(([, value]) => value.trim().replaceAll(/ +/g, ' '))
    .join(',');
}
