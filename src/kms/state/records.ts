import type { KeyObject } from 'node:crypto';
import type { Secret } from '../../secret.ts';

export type ConnectionState = 'CONNECTED' | 'CONNECTING' | 'FAILED' | 'DISCONNECTED' | 'DISCONNECTING';

/** Why a key store is FAILED; the first three are of both kinds. API reference, CustomKeyStoresListEntry, ConnectionErrorCode. */
export type ConnectionErrorCode =
  | 'INTERNAL_ERROR'
  | 'INVALID_CREDENTIALS'
  | 'NETWORK_ERRORS'
  | 'CLUSTER_NOT_FOUND'
  | 'INSUFFICIENT_CLOUDHSM_HSMS'
  | 'INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET'
  | 'SUBNET_NOT_FOUND'
  | 'USER_LOCKED_OUT'
  | 'USER_LOGGED_IN'
  | 'USER_NOT_FOUND'
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

interface AnyKeyStore {
  /** `cks-` and 17 hexadecimal digits. */
  readonly customKeyStoreId: string;
  readonly customKeyStoreName: string;
  readonly creationDate: number;
  readonly connectionState: ConnectionState;
  /** Why a FAILED key store is so. */
  readonly connectionErrorCode: ConnectionErrorCode | undefined;
}

export interface ExternalKeyStore extends AnyKeyStore {
  readonly customKeyStoreType: 'EXTERNAL_KEY_STORE';
  readonly proxy: XksProxyConfiguration;
  /** When KMS was given the credential. */
  readonly credentialDate: number;
}

export interface CloudHsmKeyStore extends AnyKeyStore {
  readonly customKeyStoreType: 'AWS_CLOUDHSM';
  readonly cloudHsmClusterId: string;
  /** PEM, as KMS was given it. */
  readonly trustAnchorCertificate: string;
  /** What KMS takes for the password of `kmsuser`. */
  readonly keyStorePassword: Secret;
  /** The password that is being set: whether it has been, only a login tells. */
  readonly nextKeyStorePassword: Secret | undefined;
}

/** Times are milliseconds since the epoch. */
export type CustomKeyStore = ExternalKeyStore | CloudHsmKeyStore;

/** What a key would be if its key store were connected. */
export type StoredKeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

interface AnyKey {
  /** A UUID. */
  readonly keyId: string;
  readonly creationDate: number;
  readonly description: string;
  readonly state: StoredKeyState;
  /** When a key that is pending deletion is deleted. */
  readonly deletionDate: number | undefined;
  readonly tags: readonly Tag[];
  /** The key policy, JSON: kept, not evaluated. */
  readonly policy: string;
}

/** A KMS key in an external key store. */
export interface ExternalKey extends AnyKey {
  readonly origin: 'EXTERNAL_KEY_STORE';
  readonly customKeyStoreId: string;
  readonly xksKeyId: string;
  /** 32 bytes: KMS's own share of the double encryption. */
  readonly keyMaterial: KeyObject;
}

/** A KMS key in an AWS CloudHSM key store. */
export interface CloudHsmKey extends AnyKey {
  readonly origin: 'AWS_CLOUDHSM';
  readonly customKeyStoreId: string;
  /** CKA_ID of the key material in the cluster, in lower-case hexadecimal. */
  readonly backingKeyId: string;
  /** Whether the cluster had no key of this id when KMS looked last. */
  readonly isMaterialMissing: boolean;
}

/** A KMS key whose key material is KMS's own. */
export interface AwsKmsKey extends AnyKey {
  readonly origin: 'AWS_KMS';
  /** While automatic rotation is enabled, as is the next. */
  readonly rotationPeriodInDays: number | undefined;
  readonly nextRotationDate: number | undefined;
}

/** A KMS key in a custom key store. */
export type CustomKey = ExternalKey | CloudHsmKey;

/** Times are milliseconds since the epoch. */
export type KmsKey = CustomKey | AwsKmsKey;

/** Key material of a key whose Origin is AWS_KMS. The latest encrypts; all decrypt. */
export interface KeyMaterial {
  /** 64 hexadecimal digits. */
  readonly keyMaterialId: string;
  readonly keyId: string;
  /** Counts from 1. */
  readonly version: number;
  /** Undefined for the first key material, as is the next. */
  readonly rotationDate: number | undefined;
  readonly rotationType: RotationType | undefined;
  /** 32 bytes. */
  readonly secret: KeyObject;
}

export type RotationType = 'AUTOMATIC' | 'ON_DEMAND';

/** Key material of a deleted KMS key that is to be deleted from its cluster. */
export interface KeyMaterialDeletion {
  readonly keyId: string;
  readonly customKeyStoreId: string;
  readonly cloudHsmClusterId: string;
  readonly backingKeyId: string;
}

export interface Alias {
  /** `alias/...` */
  readonly aliasName: string;
  readonly targetKeyId: string;
  readonly creationDate: number;
  readonly lastUpdatedDate: number;
}
