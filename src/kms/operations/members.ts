import { z } from 'zod';
import { base64Blob } from './parseInput.ts';

// The members of requests, with the constraints of the service model of KMS 2014-11-01.

export const customKeyStoreId = z.string().min(1).max(64);
export const customKeyStoreName = z.string().min(1).max(256);
/** An id, an ARN, or an alias's name or ARN. */
export const keyId = z.string().min(1).max(2048);
export const aliasName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-zA-Z0-9:/_-]+$/);
export const description = z.string().max(8192);
export const policyName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w]+$/);
export const policy = z
  .string()
  .min(1)
  .max(131_072)
  .regex(/^[\t\n\r\u0020-\u00FF]+$/);
export const tags = z.array(z.object({ TagKey: z.string().min(1).max(128), TagValue: z.string().max(256) }));
export const rotationPeriodInDays = z.int().min(90).max(2560);
export const pendingWindowInDays = z.int().min(1).max(365);
export const tagKeys = z.array(z.string().min(1).max(128));
export const resourceOwners = z
  .array(z.enum(['SELF', 'OTHER_ACCOUNTS_VIA_RAM']))
  .min(1)
  .max(2);
export const principalId = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\w+=,.@:/-]+$/);
export const grantName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-zA-Z0-9:/_-]+$/);
export const grantId = z.string().min(1).max(128);
export const grantToken = z.string().min(1).max(8192);
export const grantOperations = z.array(
  z.enum([
    'Decrypt',
    'Encrypt',
    'GenerateDataKey',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
    'Sign',
    'Verify',
    'GetPublicKey',
    'CreateGrant',
    'RetireGrant',
    'DescribeKey',
    'GenerateDataKeyPair',
    'GenerateDataKeyPairWithoutPlaintext',
    'GenerateMac',
    'VerifyMac',
    'DeriveSharedSecret',
    'Encapsulate',
    'Decapsulate',
  ]),
);
export const grantTokens = z.array(grantToken).max(10);

export const limit = z.int().min(1).max(1000);
export const marker = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\u0020-\u00FF]*$/);
export const pagination = { Limit: limit.optional(), Marker: marker.optional() };

export const xksKeyId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[a-zA-Z0-9-_.]+$/);
export const xksProxyUriEndpoint = z
  .string()
  .min(10)
  .max(128)
  .regex(/^https:\/\/[a-zA-Z0-9.-]+$/);
export const xksProxyUriPath = z
  .string()
  .min(10)
  .max(128)
  .regex(/^(\/[a-zA-Z0-9/_-]+\/kms\/xks\/v\d{1,2})$|^(\/kms\/xks\/v\d{1,2})$/);
export const xksProxyVpcEndpointServiceName = z
  .string()
  .min(20)
  .max(64)
  .regex(/^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$/);
export const xksProxyVpcEndpointServiceOwner = z
  .string()
  .length(12)
  .regex(/^[0-9]{12}$/);
export const xksProxyAuthenticationCredential = z.object({
  AccessKeyId: z
    .string()
    .min(20)
    .max(30)
    .regex(/^[A-Z2-7]+$/),
  RawSecretAccessKey: z
    .string()
    .min(43)
    .max(64)
    .regex(/^[a-zA-Z0-9/+=]+$/),
});
export const xksProxyConnectivity = z.enum(['PUBLIC_ENDPOINT', 'VPC_ENDPOINT_SERVICE']);

/** The lengths are from the service model of KMS, the pattern is from that of CloudHSM. */
export const cloudHsmClusterId = z
  .string()
  .min(19)
  .max(24)
  .regex(/^cluster-[2-7a-zA-Z]{11,16}$/);
export const trustAnchorCertificate = z.string().min(1).max(5000);
export const keyStorePassword = z.string().min(7).max(32);

/** Deprecated by AWS. It has the values of KeySpec without the newer ones. */
export const customerMasterKeySpec = z.enum([
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'SYMMETRIC_DEFAULT',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'SM2',
]);
export const keySpec = z.enum([
  ...customerMasterKeySpec.options,
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ECC_NIST_EDWARDS25519',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
]);
export const keyUsage = z.enum([
  'SIGN_VERIFY',
  'ENCRYPT_DECRYPT',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
]);
export const origin = z.enum(['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']);
export const customKeyStoreType = z.enum(['AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']);
export const encryptionAlgorithm = z.enum(['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE']);
export const dataKeySpec = z.enum(['AES_256', 'AES_128']);
export const numberOfBytes = z.int().min(1).max(1024);
export const encryptionContext = z.record(z.string(), z.string());

/** Base64, decoded to a Buffer of 1 to 4,096 bytes. */
export const plaintext = base64Blob(1, 4096);
export const ciphertextBlob = base64Blob(1, 6144);
/** An attestation document, whose content is not read. */
export const recipient = z.object({
  KeyEncryptionAlgorithm: z.enum(['RSAES_OAEP_SHA_256']).optional(),
  AttestationDocument: base64Blob(1, 262_144).optional(),
});
export const dryRunModifiers = z.array(z.enum(['IGNORE_CIPHERTEXT']));
