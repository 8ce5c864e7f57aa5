// AWS KMS Developer Guide, "AWS KMS permissions".

/** Operations on no key, or on a key that does not exist yet. Only identity policies decide about them. */
export const WITHOUT_KEY: ReadonlySet<string> = new Set([
  'CreateKey',
  'ListKeys',
  'ListAliases',
  'ListRetirableGrants',
  'GenerateRandom',
  'CreateCustomKeyStore',
  'UpdateCustomKeyStore',
  'ConnectCustomKeyStore',
  'DisconnectCustomKeyStore',
  'DescribeCustomKeyStores',
  'DeleteCustomKeyStore',
]);

/** Permissions that a caller of another account can have on a key. */
export const CROSS_ACCOUNT: ReadonlySet<string> = new Set([
  'CreateGrant',
  'ListGrants',
  'RevokeGrant',
  'DescribeKey',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'Encrypt',
  'Decrypt',
  'ReEncryptFrom',
  'ReEncryptTo',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'Sign',
  'Verify',
  'DeriveSharedSecret',
]);
