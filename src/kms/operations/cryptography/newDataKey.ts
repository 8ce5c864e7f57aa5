import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { canonicalContext } from '../../cryptography/canonicalContext.ts';
import { encryptToBlob } from '../../cryptography/keyUse.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import type { KmsRequest } from '../operation.ts';
import { admit } from './admit.ts';
import { useKey } from './useKey.ts';

/** Members common to GenerateDataKey and GenerateDataKeyWithoutPlaintext. */
export const dataKeyShape = z.object({
  KeyId: member.keyId,
  EncryptionContext: member.encryptionContext.optional(),
  NumberOfBytes: member.numberOfBytes.optional(),
  KeySpec: member.dataKeySpec.optional(),
  GrantTokens: member.grantTokens.optional(),
  DryRun: z.boolean().optional(),
});

/** Makes a random data key, and encrypts it under a KMS key. */
export async function newDataKey(
  kms: LocalKms,
  input: z.output<typeof dataKeyShape>,
  kmsOperation: string,
  request: KmsRequest,
): Promise<{ CiphertextBlob: Buffer; Plaintext: Buffer; KeyId: string; KeyMaterialId: string | undefined }> {
  const length = lengthOf(input);
  const context = canonicalContext(input.EncryptionContext);
  const key = findKey(kms, input.KeyId, { aliases: true }, request);
  const use = useKey(kms, key, kmsOperation, request);
  admit(kms, input, [use]);
  const dataKey = randomBytes(length);
  const { blob: CiphertextBlob, keyMaterialId: KeyMaterialId } = await encryptToBlob(use, dataKey, context);
  return { CiphertextBlob, Plaintext: dataKey, KeyId: keyArn(kms.identity, key.keyId), KeyMaterialId };
}

const KEY_SPEC_BYTES = { AES_256: 32, AES_128: 16 };

/** Returns the length of the data key, in bytes. */
function lengthOf({ KeySpec, NumberOfBytes }: z.output<typeof dataKeyShape>): number {
  if (KeySpec !== undefined && NumberOfBytes === undefined) return KEY_SPEC_BYTES[KeySpec];
  if (KeySpec === undefined && NumberOfBytes !== undefined) return NumberOfBytes;
  throw new KmsError('ValidationException', 'Please specify either number of bytes or key spec.');
}
