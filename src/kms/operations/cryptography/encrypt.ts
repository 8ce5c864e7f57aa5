import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { canonicalContext } from '../../cryptography/canonicalContext.ts';
import { encryptToBlob } from '../../cryptography/keyUse.ts';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { admit } from './admit.ts';
import { requireSymmetricDefault, SYMMETRIC_DEFAULT } from './requireSymmetricDefault.ts';
import { useKey } from './useKey.ts';

const shape = z.object({
  KeyId: member.keyId,
  Plaintext: member.plaintext,
  EncryptionContext: member.encryptionContext.optional(),
  GrantTokens: member.grantTokens.optional(),
  EncryptionAlgorithm: member.encryptionAlgorithm.default(SYMMETRIC_DEFAULT),
  DryRun: z.boolean().optional(),
});

export const encrypt = operation(shape, async (kms, input, request) => {
  const context = canonicalContext(input.EncryptionContext);
  const key = findKey(kms, input.KeyId, { aliases: true }, request);
  requireSymmetricDefault(input.EncryptionAlgorithm);
  const use = useKey(kms, key, 'Encrypt', request);
  admit(kms, input, [use]);
  const { blob } = await encryptToBlob(use, input.Plaintext, context);
  return {
    CiphertextBlob: blob,
    KeyId: keyArn(kms.identity, key.keyId),
    EncryptionAlgorithm: SYMMETRIC_DEFAULT,
  };
});
