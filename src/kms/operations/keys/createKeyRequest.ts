import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import * as member from '../members.ts';

export const createKeyRequest = z.object({
  Policy: member.policy.optional(),
  Description: member.description.default(''),
  KeyUsage: member.keyUsage.default('ENCRYPT_DECRYPT'),
  CustomerMasterKeySpec: member.customerMasterKeySpec.optional(),
  KeySpec: member.keySpec.optional(),
  Origin: member.origin.optional(),
  CustomKeyStoreId: member.customKeyStoreId.optional(),
  BypassPolicyLockoutSafetyCheck: z.boolean().default(false),
  Tags: member.tags.default([]),
  MultiRegion: z.boolean().default(false),
  XksKeyId: member.xksKeyId.optional(),
});

/** Origin and place of a new key. */
export type NewKey =
  | { readonly origin: 'AWS_KMS' }
  | { readonly origin: 'EXTERNAL_KEY_STORE'; readonly customKeyStoreId: string; readonly xksKeyId: string }
  | { readonly origin: 'AWS_CLOUDHSM'; readonly customKeyStoreId: string };

/**
 * Returns the origin and place of the requested key. Throws ValidationException for members that cannot be combined. Throws
 * UnsupportedOperationException for types of keys that the local KMS or a custom key store does not support.
 */
export function newKeyOf(input: z.output<typeof createKeyRequest>): NewKey {
  const { Origin: origin = 'AWS_KMS', CustomKeyStoreId: customKeyStoreId, XksKeyId: xksKeyId } = input;
  if (input.KeySpec && input.CustomerMasterKeySpec) {
    throw invalid(
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    );
  }
  if (xksKeyId !== undefined && origin !== 'EXTERNAL_KEY_STORE') {
    throw invalid('XksKeyId is valid only for keys whose Origin is EXTERNAL_KEY_STORE.');
  }
  if (origin === 'EXTERNAL') {
    throw unsupported(
      'The local KMS does not import key material: Origin must be AWS_KMS, AWS_CLOUDHSM or EXTERNAL_KEY_STORE.',
    );
  }
  requireSuitable(input, origin);
  if (origin === 'AWS_KMS') {
    if (customKeyStoreId === undefined) return { origin };
    throw invalid('The Origin of a key in a custom key store must be AWS_CLOUDHSM or EXTERNAL_KEY_STORE.');
  }
  if (customKeyStoreId === undefined) throw invalid(`A key whose Origin is ${origin} needs a CustomKeyStoreId.`);
  if (origin === 'AWS_CLOUDHSM') return { origin, customKeyStoreId };
  if (xksKeyId === undefined) throw invalid('A key whose Origin is EXTERNAL_KEY_STORE needs an XksKeyId.');
  return { origin, customKeyStoreId, xksKeyId };
}

function requireSuitable(input: z.output<typeof createKeyRequest>, origin: NewKey['origin']): void {
  const keySpec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
  const where = origin === 'AWS_KMS' ? 'A key of the local KMS' : 'A key in a custom key store';
  if (keySpec !== 'SYMMETRIC_DEFAULT')
    throw unsupported(`${where} must have the KeySpec SYMMETRIC_DEFAULT, not ${keySpec}.`);
  if (input.KeyUsage !== 'ENCRYPT_DECRYPT') {
    throw invalid(`KeyUsage ${input.KeyUsage} is not compatible with KeySpec SYMMETRIC_DEFAULT.`);
  }
  if (input.MultiRegion) throw unsupported(`${where} cannot be a multi-Region key.`);
}

function invalid(message: string): KmsError {
  return new KmsError('ValidationException', message);
}

function unsupported(message: string): KmsError {
  return new KmsError('UnsupportedOperationException', message);
}
