import type { XksProxyConfiguration } from '../state/records.ts';
import type { XksProxyFailure } from './xksProxyFailure.ts';

/** What KMS tells a proxy of the request it serves; fields that do not apply are left out. Spec, "requestMetadata". */
export interface RequestMetadata {
  readonly kmsRequestId: string;
  readonly kmsOperation: string;
  readonly awsPrincipalArn?: string;
  readonly awsSourceVpc?: string;
  readonly awsSourceVpce?: string;
  readonly kmsKeyArn?: string;
  readonly kmsViaService?: string;
}

/** One request of KMS to a proxy. */
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

/** What a proxy makes of a plaintext; decoded. Its CDIV has been checked. */
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
 * Calls XKS proxies as KMS does: signed with SigV4 over `host;x-amz-date`, 250 ms for an answer and one retry when that time
 * runs out. All calls reject with XksProxyFailure.
 */
export interface XksProxyClient {
  /** Rejects with EkmUnavailable if all external key managers are UNAVAILABLE. */
  getHealthStatus(call: XksCall): Promise<HealthStatus>;
  getKeyMetadata(call: XksCall, xksKeyId: string): Promise<ExternalKeyMetadata>;
  /** Asks for a CDIV and checks it. `aad` is at most 8,192 bytes. */
  encrypt(call: XksCall, xksKeyId: string, plaintext: Buffer, aad: Buffer): Promise<ExternalCiphertext>;
  decrypt(call: XksCall, xksKeyId: string, ciphertext: ExternalCiphertext, aad: Buffer): Promise<Buffer>;
  /** Ends idle connections to that endpoint, so that the next call makes a new one, with TLS files read anew. */
  disconnect(uriEndpoint: string): void;
  close(): void;
}

export type XksOperation = 'GetHealthStatus' | 'GetKeyMetadata' | 'Encrypt' | 'Decrypt';

/** What is seen of each request to a proxy, for metrics and the log. */
export interface XksExchange {
  readonly call: XksCall;
  readonly xksOperation: XksOperation;
  /** Both attempts, if there were two. */
  readonly latencyMs: number;
  /** Undefined if it succeeded. */
  readonly failure: XksProxyFailure | undefined;
  /** Name and end of the proxy's certificate, if one was seen. */
  readonly certificate: { readonly commonName: string; readonly validTo: number } | undefined;
  /** The answer to a successful GetHealthStatus, even if no external key manager serves. */
  readonly health: HealthStatus | undefined;
}
