import type { XksProxyConfiguration } from '../state/records.ts';
import type { XksProxyFailure } from './xksProxyFailure.ts';

/** The facts about a request that KMS sends to a proxy. Fields that do not apply are left out. Spec, "requestMetadata". */
export interface RequestMetadata {
  readonly kmsRequestId: string;
  readonly kmsOperation: string;
  readonly awsPrincipalArn?: string;
  readonly awsSourceVpc?: string;
  readonly awsSourceVpce?: string;
  readonly kmsKeyArn?: string;
  readonly kmsViaService?: string;
}

/** One request from KMS to a proxy. */
export interface XksCall {
  readonly proxy: XksProxyConfiguration;
  readonly requestMetadata: RequestMetadata;
  /** Undefined while the key store is being created. */
  readonly customKeyStoreId: string | undefined;
}

export type HealthState = 'ACTIVE' | 'DEGRADED' | 'UNAVAILABLE';

/** Spec, "GetHealthStatus". */
export interface HealthStatus {
  readonly xksProxyFleetSize: number;
  readonly xksProxyVendor: string;
  readonly xksProxyModel: string;
  readonly ekmVendor: string;
  readonly ekmFleetDetails: readonly {
    readonly id: string;
    readonly model: string;
    readonly healthStatus: HealthState;
  }[];
}

/** Spec, "GetKeyMetadata". */
export interface ExternalKeyMetadata {
  readonly keySpec: string;
  readonly keyUsage: readonly string[];
  readonly keyStatus: string;
}

/** Decoded answer of a proxy to Encrypt. Its CDIV has been verified. */
export interface ExternalCiphertext {
  readonly ciphertext: Buffer;
  /** 12 or 16 bytes. */
  readonly initializationVector: Buffer;
  /** 16 bytes. */
  readonly authenticationTag: Buffer;
  /** At most 20 bytes; empty if the proxy sent none. */
  readonly ciphertextMetadata: Buffer;
}

/**
 * Calls XKS proxies as KMS does: signed with SigV4 over `host;x-amz-date`, with 250 ms for an answer and one retry after that time. All
 * calls reject with XksProxyFailure.
 */
export interface XksProxyClient {
  /** Rejects with EkmUnavailable if all external key managers are UNAVAILABLE. */
  getHealthStatus(call: XksCall): Promise<HealthStatus>;
  getKeyMetadata(call: XksCall, xksKeyId: string): Promise<ExternalKeyMetadata>;
  /** Encrypts, requests a CDIV and verifies it. `aad` has at most 8,192 bytes. */
  encrypt(call: XksCall, xksKeyId: string, plaintext: Buffer, aad: Buffer): Promise<ExternalCiphertext>;
  decrypt(call: XksCall, xksKeyId: string, ciphertext: ExternalCiphertext, aad: Buffer): Promise<Buffer>;
  /** Ends idle connections to the endpoint, so that the next call reads the TLS files again and makes a new connection. */
  disconnect(uriEndpoint: string): void;
  close(): void;
}

export type XksOperation = 'GetHealthStatus' | 'GetKeyMetadata' | 'Encrypt' | 'Decrypt';

/** Facts about a request to a proxy and its outcome, for metrics and the log. */
export interface XksExchange {
  readonly call: XksCall;
  readonly xksOperation: XksOperation;
  /** Time of the request. If there were two attempts, this includes both. */
  readonly latencyMs: number;
  /** Undefined if the request succeeded. */
  readonly failure: XksProxyFailure | undefined;
  /** Name and expiry of the proxy's certificate, if it presented one. */
  readonly certificate: { readonly commonName: string; readonly validTo: number } | undefined;
  /** The answer to a successful GetHealthStatus, even if all external key managers are UNAVAILABLE. */
  readonly health: HealthStatus | undefined;
}
