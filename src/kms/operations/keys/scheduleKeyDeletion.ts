import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

const shape = z.object({ KeyId: member.keyId, PendingWindowInDays: member.pendingWindowInDays.default(30) });

export const scheduleKeyDeletion = operation(shape, (kms, { KeyId, PendingWindowInDays: days }, request) => {
  // The service model allows 1 to 365. These limits are from the API reference.
  if (days < 7 || days > 30) {
    throw new KmsError('ValidationException', 'PendingWindowInDays must be between 7 and 30 (inclusive)');
  }
  const { keyId } = findKeyToChange(kms, KeyId, request);
  const deletionDate = Math.round(kms.clock() + days * kms.dayMs);
  kms.state.keys.setState(keyId, 'PendingDeletion', deletionDate);
  return {
    KeyId: keyArn(kms.identity, keyId),
    DeletionDate: new Date(deletionDate),
    KeyState: 'PendingDeletion',
    PendingWindowInDays: days,
  };
});
