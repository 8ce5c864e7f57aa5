import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { canonicalContext } from '../../cryptography/canonicalContext.ts';
import { readCiphertextBlob } from '../../cryptography/ciphertextBlob.ts';
import { encryptToBlob } from '../../cryptography/keyUse.ts';
import { findKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation, type KmsRequest } from '../operation.ts';
import { admit } from './admit.ts';
import { findCiphertextKey } from './findCiphertextKey.ts';
import { requireSymmetricDefault, SYMMETRIC_DEFAULT } from './requireSymmetricDefault.ts';
import { useKey } from './useKey.ts';

const shape = z.object({
  CiphertextBlob: member.ciphertextBlob,
  SourceEncryptionContext: member.encryptionContext.optional(),
  SourceKeyId: member.keyId.optional(),
  DestinationKeyId: member.keyId,
  DestinationEncryptionContext: member.encryptionContext.optional(),
  SourceEncryptionAlgorithm: member.encryptionAlgorithm.default(SYMMETRIC_DEFAULT),
  DestinationEncryptionAlgorithm: member.encryptionAlgorithm.default(SYMMETRIC_DEFAULT),
  GrantTokens: member.grantTokens.optional(),
  DryRun: z.boolean().optional(),
  DryRunModifiers: member.dryRunModifiers.optional(),
});

export const reEncrypt = operation(shape, async (kms, input, request) => {
  const sourceContext = canonicalContext(input.SourceEncryptionContext);
  const destinationContext = canonicalContext(input.DestinationEncryptionContext);
  const blob = readCiphertextBlob(input.CiphertextBlob);
  const sourceAccess = request.access.as('ReEncryptFrom', {
    KeyId: input.SourceKeyId,
    EncryptionContext: input.SourceEncryptionContext,
    EncryptionAlgorithm: input.SourceEncryptionAlgorithm,
  });
  const sourceKey = findCiphertextKey(kms, blob, input.SourceKeyId, { ...request, access: sourceAccess });
  const destinationAccess = request.access.as('ReEncryptTo', {
    KeyId: input.DestinationKeyId,
    EncryptionContext: input.DestinationEncryptionContext,
    EncryptionAlgorithm: input.DestinationEncryptionAlgorithm,
  });
  const toDestination = { ...request, access: destinationAccess };
  const destinationKey = findKey(kms, input.DestinationKeyId, { aliases: true }, toDestination);
  requireSymmetricDefault(input.SourceEncryptionAlgorithm);
  requireSymmetricDefault(input.DestinationEncryptionAlgorithm);
  const source = useKey(kms, sourceKey, 'ReEncrypt', ofSource(request));
  const destination = useKey(kms, destinationKey, 'ReEncrypt', request);
  admit(kms, input, [source, destination]);
  const plaintext = await source.decrypt(blob.sealed, sourceContext);
  const { blob: CiphertextBlob, keyMaterialId } = await encryptToBlob(destination, plaintext, destinationContext);
  return {
    CiphertextBlob,
    SourceKeyId: keyArn(kms.identity, sourceKey.keyId),
    KeyId: keyArn(kms.identity, destinationKey.keyId),
    SourceEncryptionAlgorithm: SYMMETRIC_DEFAULT,
    DestinationEncryptionAlgorithm: SYMMETRIC_DEFAULT,
    SourceKeyMaterialId: source.keyMaterialId?.(blob.sealed),
    DestinationKeyMaterialId: keyMaterialId,
  };
});

/**
 * Returns the request with source names in its event, next to those of the destination: `customKeyStoreId` becomes
 * `sourceCustomKeyStoreId`.
 */
function ofSource(request: KmsRequest): KmsRequest {
  const nameOf = (name: string) => `source${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    ...request,
    note: (data) => {
      request.note(Object.fromEntries(Object.entries(data).map(([name, value]) => [nameOf(name), value])));
    },
  };
}
