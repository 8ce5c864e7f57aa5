import type { KeyObject } from 'node:crypto';
import type { Secret } from '../../secret.ts';

export type ConnectionState = 'CONNECTED' | 'CONNECTING' | 'FAILED' | 'DISCONNECTED' | 'DISCONNECTING';

/** Those of external key stores. AWS KMS Developer Guide, "Connection error codes for external key stores". */
export type ConnectionErrorCode =
  | 'INTERNAL_ERROR'
  | 'INVALID_CREDENTIALS'
  | 'NETWORK_ERRORS'
  | 'XKS_PROXY_ACCESS_DENIED'
  | 'XKS_PROXY_INVALID_CONFIGURATION'
  | 'XKS_PROXY_INVALID_RESPONSE'
  | 'XKS_PROXY_INVALID_TLS_CONFIGURATION'
  | 'XKS_PROXY_NOT_REACHABLE'
  | 'XKS_PROXY_TIMED_OUT'
  | 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION'
  | 'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND';

export type Connectivity = 'PUBLIC_ENDPOINT' | 'VPC_ENDPOINT_SERVICE';

/** Where a proxy is, and how KMS signs its requests to it. */
export interface XksProxyConfiguration {
  readonly connectivity: Connectivity;
  /** `https://` and a name, no more. */
  readonly uriEndpoint: string;
  /** `[/<prefix>]/kms/xks/v1` */
  readonly uriPath: string;
  /** With VPC_ENDPOINT_SERVICE, as is the next. */
  readonly vpcEndpointServiceName: string | undefined;
  readonly vpcEndpointServiceOwner: string | undefined;
  readonly accessKeyId: string;
  readonly rawSecretAccessKey: Secret;
}

/** An external key store. Times are milliseconds since the epoch. */
export interface CustomKeyStore {
  /** `cks-` and 17 hexadecimal digits. */
  readonly customKeyStoreId: string;
  readonly customKeyStoreName: string;
  readonly creationDate: number;
  readonly connectionState: ConnectionState;
  /** Of a FAILED one. */
  readonly connectionErrorCode: ConnectionErrorCode | undefined;
  readonly proxy: XksProxyConfiguration;
  /** When KMS was given the credential. */
  readonly credentialDate: number;
}

/** What a key would be if its key store were connected. */
export type StoredKeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A KMS key in an external key store. Times are milliseconds since the epoch. */
export interface KmsKey {
  /** A UUID. */
  readonly keyId: string;
  readonly customKeyStoreId: string;
  readonly xksKeyId: string;
  readonly creationDate: number;
  readonly description: string;
  readonly state: StoredKeyState;
  /** Of one that is pending deletion. */
  readonly deletionDate: number | undefined;
  readonly tags: readonly Tag[];
  /** The key policy, JSON: kept, not evaluated. */
  readonly policy: string;
  /** 32 bytes: KMS's own share of the double encryption. */
  readonly keyMaterial: KeyObject;
}

export interface Alias {
  /** `alias/...` */
  readonly aliasName: string;
  readonly targetKeyId: string;
  readonly creationDate: number;
  readonly lastUpdatedDate: number;
}
