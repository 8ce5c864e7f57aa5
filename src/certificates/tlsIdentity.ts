import type { Secret } from '../secret.ts';

/** What the proxy shows to its clients, and asks of them, in a TLS handshake. */
export interface TlsIdentity {
  /** PEM, the server certificate first. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: Secret;
  /** Undefined: no client certificate is asked for. */
  readonly clientAuth: ClientAuth | undefined;
}

/** Who is admitted by mTLS. */
export interface ClientAuth {
  /** PEM: the authorities that a client certificate must chain to. */
  readonly ca: string;
  /** Subject CNs, of which a client certificate must have one. */
  readonly commonNames: readonly string[];
}
