import type { Credential } from '../sigv4/credential.ts';

/** Proxy under test, and its key stores and keys that cases may use. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly keyStore: KeyStoreTarget;
  readonly secondKeyStore: KeyStoreTarget | undefined;
  /** Region of the credential scope. */
  readonly region: string;
  readonly keys: OptionalKeys;
  /** Sent in requestMetadata, where a policy of the proxy may check them. */
  readonly principalArn: string;
  readonly kmsKeyArn: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export interface Endpoint {
  /** `https://host[:port]`, or `http://` for tests. */
  readonly url: URL;
  /** Address to connect to instead of the URL's own host and port. */
  readonly connectTo: { readonly host: string; readonly port: number } | undefined;
  /** PEM texts: trusted certificate authorities, and a client certificate with its key. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
    /** False accepts any certificate. */
    readonly rejectUnauthorized?: false;
  };
  /** Time limit of one request, including the set-up of its connection. */
  readonly deadlineMs: number;
}

export interface KeyStoreTarget {
  /** `[/<prefix>]/kms/xks/v1` */
  readonly uriPath: string;
  readonly credential: Credential;
  /** An AES-256 key that may encrypt and decrypt. */
  readonly keyId: string;
}

/** External key ids of the first key store. Cases check that the proxy refuses operations that these keys may not do. */
export interface OptionalKeys {
  readonly encryptOnly: string | undefined;
  readonly decryptOnly: string | undefined;
  /** A key that may neither encrypt nor decrypt. */
  readonly noUsage: string | undefined;
  /** A key that is disabled or blocked. */
  readonly blocked: string | undefined;
}
