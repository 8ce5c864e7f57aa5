import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import * as member from '../members.ts';
import { operation, type Operation } from '../operation.ts';
import { findKey } from './findKey.ts';
import { invalidOrigin } from './invalidOrigin.ts';

type Refusal = (kms: LocalKms, key: KmsKey, operationName: string) => KmsError;

/** Operations of asymmetric keys and HMAC keys. */
const ofOtherUsage: Refusal = ({ identity }, { keyId }, operationName) => {
  const message = `${keyArn(identity, keyId)} key usage is ENCRYPT_DECRYPT which is not valid for ${operationName}.`;
  return new KmsError('InvalidKeyUsageException', message);
};

const ofAsymmetricKeys: Refusal = ({ identity }, { keyId }) => {
  const message = `${keyArn(identity, keyId)} is a symmetric encryption key, which has no public key.`;
  return new KmsError('UnsupportedOperationException', message);
};

const ofMultiRegionKeys: Refusal = ({ identity }, { keyId }) => {
  const message = `${keyArn(identity, keyId)} is not a multi-Region primary key.`;
  return new KmsError('UnsupportedOperationException', message);
};

/** AWS supports these operations for keys whose Origin is AWS_KMS, but the local KMS does not. */
const ofAwsKmsKeys: Refusal = (kms, key, operationName) =>
  key.origin === 'AWS_KMS'
    ? new KmsError('UnsupportedOperationException', `The local KMS does not support the operation ${operationName}`)
    : invalidOrigin(kms, key);

const REFUSALS: Readonly<Record<string, { readonly refuse: Refusal; readonly aliases: boolean }>> = {
  Sign: { refuse: ofOtherUsage, aliases: true },
  Verify: { refuse: ofOtherUsage, aliases: true },
  GenerateMac: { refuse: ofOtherUsage, aliases: true },
  VerifyMac: { refuse: ofOtherUsage, aliases: true },
  DeriveSharedSecret: { refuse: ofOtherUsage, aliases: true },
  GetPublicKey: { refuse: ofAsymmetricKeys, aliases: true },
  GenerateDataKeyPair: { refuse: ofAwsKmsKeys, aliases: true },
  GenerateDataKeyPairWithoutPlaintext: { refuse: ofAwsKmsKeys, aliases: true },
  GetParametersForImport: { refuse: invalidOrigin, aliases: false },
  ImportKeyMaterial: { refuse: invalidOrigin, aliases: false },
  DeleteImportedKeyMaterial: { refuse: invalidOrigin, aliases: false },
  ReplicateKey: { refuse: ofMultiRegionKeys, aliases: false },
  UpdatePrimaryRegion: { refuse: ofMultiRegionKeys, aliases: false },
};

const shape = z.object({ KeyId: member.keyId });

/**
 * Operations that no key of the local KMS supports, by name. Each throws the exception that AWS throws for such a key, or NotFoundException
 * or InvalidArnException if the key does not exist. Their other members are not validated.
 */
export const IMPOSSIBLE_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries(REFUSALS).map(([name, { refuse, aliases }]) => [
    name,
    operation(shape, (kms, { KeyId }, request) => {
      throw refuse(kms, findKey(kms, KeyId, { aliases }, request), name);
    }),
  ]),
);
