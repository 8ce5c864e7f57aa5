import { MAX_URI_CHARACTERS } from './limits.ts';

export type XksApi = 'GetHealthStatus' | 'GetKeyMetadata' | 'Encrypt' | 'Decrypt';

export interface XksPath {
  /** Prefix that names one key store: empty, or `/`-separated segments with a leading slash. */
  readonly uriPathPrefix: string;
  readonly api: XksApi;
  /** Undefined for GetHealthStatus only. */
  readonly externalKeyId: string | undefined;
}

/** APIs by the last segment of their paths. */
export const API_OF_OPERATION = {
  health: 'GetHealthStatus',
  metadata: 'GetKeyMetadata',
  encrypt: 'Encrypt',
  decrypt: 'Decrypt',
} as const satisfies Readonly<Record<string, XksApi>>;

const URI_PATH_PREFIX = '(?:/[A-Za-z0-9_-]+)*';
const EXTERNAL_KEY_ID = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,128}';

export const URI_PATH_PREFIX_PATTERN = new RegExp(`^${URI_PATH_PREFIX}$`);
/** Excludes `.` and `..`, which would be dot segments of the path. */
export const EXTERNAL_KEY_ID_PATTERN = new RegExp(`^${EXTERNAL_KEY_ID}$`);
const PATH = new RegExp(
  `^(${URI_PATH_PREFIX})/kms/xks/v1/(?:(health)|keys/(${EXTERNAL_KEY_ID})/(metadata|encrypt|decrypt))$`,
);

/** Returns `[/<prefix>]/kms/xks/v1`, which KMS calls the XksProxyUriPath. */
export function xksProxyUriPath(uriPathPrefix: string): string {
  return `${uriPathPrefix}/kms/xks/v1`;
}

/**
 * Reads a raw request target. Returns undefined unless it has the only spelling that is served: case-sensitive, without
 * trailing slash, `//`, dot segments, `%` and query string. Spec, "API operations".
 */
export function parsePath(target: string): XksPath | undefined {
  const match = target.length <= MAX_URI_CHARACTERS ? PATH.exec(target) : null;
  if (!match) return undefined;
  const [, uriPathPrefix = '', health, externalKeyId, operation] = match;
  // The pattern admits no other operation.
  const api = API_OF_OPERATION[(health ?? operation) as keyof typeof API_OF_OPERATION];
  return { uriPathPrefix, api, externalKeyId };
}
