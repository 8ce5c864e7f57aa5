import type { Secret } from '../secret.ts';

/** Certificate and key that the proxy presents in a TLS handshake, and its requirements of a client. */
export interface TlsIdentity {
  /** Certificates as PEM, the server certificate first. */
  readonly certificate: string;
  /** Private key as PEM. */
  readonly privateKey: Secret;
  /** Undefined if the proxy asks for no client certificate. */
  readonly clientAuth: ClientAuth | undefined;
}

/** Clients that mTLS admits. */
export interface ClientAuth {
  /** Authorities that a client certificate must chain to, as PEM. */
  readonly ca: string;
  /** Subject CNs. A client certificate must have one of them. */
  readonly commonNames: readonly string[];
}
