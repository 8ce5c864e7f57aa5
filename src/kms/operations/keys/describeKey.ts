import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';
import { keyMetadata } from './keyMetadata.ts';

const shape = z.object({ KeyId: member.keyId, GrantTokens: member.grantTokens.optional() });

/** Describes a key. The proxy is not called, so the state of the external key is not shown. */
export const describeKey = operation(shape, (kms, { KeyId }, request) => ({
  KeyMetadata: keyMetadata(kms, findKey(kms, KeyId, { aliases: true }, request)),
}));
