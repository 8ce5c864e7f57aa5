import type { ShownMembers, ShownMembersOfOperations } from './showMembers.ts';

const KEY: ShownMembers = { KeyId: true };
const KEY_STORE: ShownMembers = { CustomKeyStoreId: true };
const PAGE: ShownMembers = { Limit: true, Marker: true };
const ALIAS: ShownMembers = { AliasName: true, TargetKeyId: true };
const TAGS: ShownMembers = { Tags: { TagKey: true, TagValue: true } };
const DATA_KEY: ShownMembers = {
  KeyId: true,
  KeySpec: true,
  NumberOfBytes: true,
  EncryptionContext: true,
  DryRun: true,
};
const XKS_PROXY: ShownMembers = {
  XksProxyConnectivity: true,
  XksProxyUriEndpoint: true,
  XksProxyUriPath: true,
  XksProxyVpcEndpointServiceName: true,
  XksProxyVpcEndpointServiceOwner: true,
};

/**
 * Members of inputs and outputs that the events of KMS's operations show. Members that are not listed are hidden. No event shows
 * credentials, passwords, plaintexts or ciphertexts. AWS KMS Developer Guide, "CloudTrail log entries".
 */
export const KMS_SHOWN_MEMBERS: ShownMembersOfOperations = {
  CreateCustomKeyStore: {
    request: { CustomKeyStoreName: true, CustomKeyStoreType: true, CloudHsmClusterId: 'clusterId', ...XKS_PROXY },
    response: KEY_STORE,
  },
  UpdateCustomKeyStore: {
    request: { ...KEY_STORE, NewCustomKeyStoreName: true, CloudHsmClusterId: 'clusterId', ...XKS_PROXY },
  },
  ConnectCustomKeyStore: { request: KEY_STORE },
  DisconnectCustomKeyStore: { request: KEY_STORE },
  DescribeCustomKeyStores: { request: { ...KEY_STORE, CustomKeyStoreName: true, ...PAGE } },
  DeleteCustomKeyStore: { request: KEY_STORE },

  CreateKey: {
    request: {
      Policy: true,
      Description: true,
      KeyUsage: true,
      CustomerMasterKeySpec: true,
      KeySpec: true,
      Origin: true,
      CustomKeyStoreId: true,
      BypassPolicyLockoutSafetyCheck: true,
      ...TAGS,
      MultiRegion: true,
      XksKeyId: true,
    },
    response: {
      KeyMetadata: {
        AWSAccountId: 'AWSAccountId',
        KeyId: true,
        Arn: true,
        CreationDate: true,
        Enabled: true,
        Description: true,
        KeyUsage: true,
        KeyState: true,
        Origin: true,
        CustomKeyStoreId: true,
        CloudHsmClusterId: true,
        KeyManager: true,
        CustomerMasterKeySpec: true,
        KeySpec: true,
        EncryptionAlgorithms: true,
        MultiRegion: true,
        XksKeyConfiguration: { Id: true },
        CurrentKeyMaterialId: true,
      },
    },
  },
  DescribeKey: { request: KEY },
  ListKeys: { request: PAGE },
  EnableKey: { request: KEY, response: 'key ARN' },
  DisableKey: { request: KEY, response: 'key ARN' },
  ScheduleKeyDeletion: {
    request: { KeyId: true, PendingWindowInDays: true },
    response: { KeyId: true, DeletionDate: true, KeyState: true, PendingWindowInDays: true },
  },
  CancelKeyDeletion: { request: KEY, response: KEY },
  UpdateKeyDescription: { request: { KeyId: true, Description: true } },
  TagResource: { request: { KeyId: true, ...TAGS } },
  UntagResource: { request: { KeyId: true, TagKeys: true } },
  ListResourceTags: { request: { KeyId: true, ...PAGE } },
  GetKeyPolicy: { request: { KeyId: true, PolicyName: true } },
  PutKeyPolicy: { request: { KeyId: true, PolicyName: true, Policy: true, BypassPolicyLockoutSafetyCheck: true } },
  ListKeyPolicies: { request: { KeyId: true, ...PAGE } },

  CreateAlias: { request: ALIAS, response: 'key ARN' },
  UpdateAlias: { request: ALIAS, response: 'key ARN' },
  DeleteAlias: { request: { AliasName: true }, response: 'key ARN' },
  ListAliases: { request: { KeyId: true, ...PAGE } },

  CreateGrant: {
    request: {
      KeyId: true,
      GranteePrincipal: true,
      RetiringPrincipal: true,
      Operations: true,
      Constraints: { EncryptionContextSubset: true, EncryptionContextEquals: true },
      Name: true,
      DryRun: true,
    },
    response: { GrantId: true },
  },
  ListGrants: { request: { KeyId: true, GrantId: true, GranteePrincipal: true, ...PAGE } },
  ListRetirableGrants: { request: { RetiringPrincipal: true, ...PAGE } },
  // The grant's id is in additionalEventData.
  RetireGrant: { request: {} },
  RevokeGrant: { request: { KeyId: true, GrantId: true, DryRun: true } },

  Encrypt: { request: { KeyId: true, EncryptionContext: true, EncryptionAlgorithm: true, DryRun: true } },
  Decrypt: { request: { KeyId: true, EncryptionContext: true, EncryptionAlgorithm: true, DryRun: true } },
  ReEncrypt: {
    request: {
      SourceKeyId: true,
      SourceEncryptionContext: true,
      SourceEncryptionAlgorithm: true,
      DestinationKeyId: true,
      DestinationEncryptionContext: true,
      DestinationEncryptionAlgorithm: true,
      DryRun: true,
    },
  },
  GenerateRandom: { request: { NumberOfBytes: true, CustomKeyStoreId: true } },
  EnableKeyRotation: { request: { KeyId: true, RotationPeriodInDays: true }, response: 'key ARN' },
  DisableKeyRotation: { request: KEY, response: 'key ARN' },
  GetKeyRotationStatus: { request: KEY },
  RotateKeyOnDemand: { request: KEY, response: KEY },
  ListKeyRotations: { request: { KeyId: true, IncludeKeyMaterial: true, ...PAGE } },
  GetKeyLastUsage: { request: KEY },
  GenerateDataKey: { request: DATA_KEY },
  GenerateDataKeyWithoutPlaintext: { request: DATA_KEY },

  // No key of the local KMS supports these operations, so their events are always failures.
  Sign: { request: KEY },
  Verify: { request: KEY },
  GenerateMac: { request: KEY },
  VerifyMac: { request: KEY },
  DeriveSharedSecret: { request: KEY },
  GetPublicKey: { request: KEY },
  GenerateDataKeyPair: { request: KEY },
  GenerateDataKeyPairWithoutPlaintext: { request: KEY },
  GetParametersForImport: { request: KEY },
  ImportKeyMaterial: { request: KEY },
  DeleteImportedKeyMaterial: { request: KEY },
  ReplicateKey: { request: KEY },
  UpdatePrimaryRegion: { request: KEY },
};
