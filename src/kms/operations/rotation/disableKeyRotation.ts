import { z } from 'zod';
import { requireEnabled } from '../keys/keyState.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToRotate } from './findKeyToRotate.ts';

export const disableKeyRotation = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const key = findKeyToRotate(kms, KeyId, request);
  requireEnabled(kms, key);
  kms.state.keys.setRotation(key.keyId, undefined);
  return undefined;
});
