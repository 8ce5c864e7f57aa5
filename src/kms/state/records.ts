import type { KeyObject } from 'node:crypto';
import type { Secret } from '../../secret.ts';

export type ConnectionState = 'CONNECTED' | 'CONNECTING' | 'FAILED' | 'DISCONNECTED' | 'DISCONNECTING';

/**
 * Reason why a key store is FAILED. The first three apply to both types of key store. API reference, CustomKeyStoresListEntry,
 * ConnectionErrorCode.
 */
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

/** The address of a proxy, and the credential with which KMS signs requests to it. */
export interface XksProxyConfiguration {
  readonly connectivity: Connectivity;
  /** `https://` followed by a name only. */
  readonly uriEndpoint: string;
  /** `[/<prefix>]/kms/xks/v1` */
  readonly uriPath: string;
  /** Defined only with VPC_ENDPOINT_SERVICE, like `vpcEndpointServiceOwner`. */
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
  /** Reason for the state FAILED. */
  readonly connectionErrorCode: ConnectionErrorCode | undefined;
}

export interface ExternalKeyStore extends AnyKeyStore {
  readonly customKeyStoreType: 'EXTERNAL_KEY_STORE';
  readonly proxy: XksProxyConfiguration;
  /** Time at which KMS was given the credential. */
  readonly credentialDate: number;
}

export interface CloudHsmKeyStore extends AnyKeyStore {
  readonly customKeyStoreType: 'AWS_CLOUDHSM';
  readonly cloudHsmClusterId: string;
  /** PEM, as KMS was given it. */
  readonly trustAnchorCertificate: string;
  /** The password of `kmsuser`, as far as KMS knows. */
  readonly keyStorePassword: Secret;
  /** The password that is being set. Only a login can show whether it has been set. */
  readonly nextKeyStorePassword: Secret | undefined;
}

/** Times are milliseconds since the epoch. */
export type CustomKeyStore = ExternalKeyStore | CloudHsmKeyStore;

/** The state that a key has while its key store is connected. */
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
  /** Time at which a key that is pending deletion is deleted. */
  readonly deletionDate: number | undefined;
  readonly tags: readonly Tag[];
  /** The key policy, in JSON. */
  readonly policy: string;
}

/** A KMS key in an external key store. */
export interface ExternalKey extends AnyKey {
  readonly origin: 'EXTERNAL_KEY_STORE';
  readonly customKeyStoreId: string;
  readonly xksKeyId: string;
  /** 32 bytes, for the inner layer of double encryption. */
  readonly keyMaterial: KeyObject;
}

/** A KMS key in an AWS CloudHSM key store. */
export interface CloudHsmKey extends AnyKey {
  readonly origin: 'AWS_CLOUDHSM';
  readonly customKeyStoreId: string;
  /** CKA_ID of the key material in the cluster, in lower-case hexadecimal. */
  readonly backingKeyId: string;
  /** Whether the cluster had no key with this id when KMS last checked. */
  readonly isMaterialMissing: boolean;
}

/** A KMS key with KMS's own key material. */
export interface AwsKmsKey extends AnyKey {
  readonly origin: 'AWS_KMS';
  /** Defined only while automatic rotation is enabled, like `nextRotationDate`. */
  readonly rotationPeriodInDays: number | undefined;
  readonly nextRotationDate: number | undefined;
}

/** A KMS key in a custom key store. */
export type CustomKey = ExternalKey | CloudHsmKey;

/** Times are milliseconds since the epoch. */
export type KmsKey = CustomKey | AwsKmsKey;

/** Key material of a key whose Origin is AWS_KMS. The newest encrypts, and all decrypt. */
export interface KeyMaterial {
  /** 64 hexadecimal digits. */
  readonly keyMaterialId: string;
  readonly keyId: string;
  /** Counts from 1. */
  readonly version: number;
  /** Undefined for the first key material, like `rotationType`. */
  readonly rotationDate: number | undefined;
  readonly rotationType: RotationType | undefined;
  /** 32 bytes. */
  readonly secret: KeyObject;
}

export type RotationType = 'AUTOMATIC' | 'ON_DEMAND';

/** Key material to delete from its cluster, because its KMS key was deleted or is still being created. */
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
