import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToRotate } from './findKeyToRotate.ts';

/** Returns the rotation settings of a key. A rotation on demand is complete when it is answered, so none is ever in progress. */
export const getKeyRotationStatus = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId, rotationPeriodInDays, nextRotationDate } = findKeyToRotate(kms, KeyId, request);
  return {
    KeyId: keyId,
    KeyRotationEnabled: rotationPeriodInDays !== undefined,
    RotationPeriodInDays: rotationPeriodInDays,
    NextRotationDate: nextRotationDate === undefined ? undefined : new Date(nextRotationDate),
  };
});
