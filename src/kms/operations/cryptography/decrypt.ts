import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { canonicalContext } from '../../cryptography/canonicalContext.ts';
import { readCiphertextBlob } from '../../cryptography/ciphertextBlob.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { admit } from './admit.ts';
import { findCiphertextKey } from './findCiphertextKey.ts';
import { refuseRecipient } from './refuseRecipient.ts';
import { requireSymmetricDefault, SYMMETRIC_DEFAULT } from './requireSymmetricDefault.ts';
import { useKey } from './useKey.ts';

const shape = z.object({
  CiphertextBlob: member.ciphertextBlob,
  EncryptionContext: member.encryptionContext.optional(),
  GrantTokens: member.grantTokens.optional(),
  KeyId: member.keyId.optional(),
  EncryptionAlgorithm: member.encryptionAlgorithm.default(SYMMETRIC_DEFAULT),
  Recipient: member.recipient.optional(),
  DryRun: z.boolean().optional(),
  DryRunModifiers: member.dryRunModifiers.optional(),
});

export const decrypt = operation(shape, async (kms, input, request) => {
  refuseRecipient(input.Recipient);
  const context = canonicalContext(input.EncryptionContext);
  const blob = readCiphertextBlob(input.CiphertextBlob);
  const key = findCiphertextKey(kms, blob, input.KeyId, request);
  requireSymmetricDefault(input.EncryptionAlgorithm);
  const use = useKey(kms, key, 'Decrypt', request);
  admit(kms, input, [use]);
  return {
    KeyId: keyArn(kms.identity, key.keyId),
    Plaintext: await use.decrypt(blob.sealed, context),
    EncryptionAlgorithm: SYMMETRIC_DEFAULT,
    KeyMaterialId: use.keyMaterialId?.(blob.sealed),
  };
});
