/** The KMS operations that cause a request today. `kmsOperation` may be any other text. Spec, Appendix B. */
export const KMS_OPERATIONS = [
  'Encrypt',
  'Decrypt',
  'ReEncrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'CreateKey',
  'DescribeKey',
  'CreateCustomKeyStore',
  'ConnectCustomKeyStore',
  'UpdateCustomKeyStore',
  'KmsHealthCheck',
] as const;
