import { z } from 'zod';
import { requireEnabled } from '../keys/keyState.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToRotate } from './findKeyToRotate.ts';

const shape = z.object({ KeyId: member.keyId, RotationPeriodInDays: member.rotationPeriodInDays.optional() });

const DEFAULT_PERIOD_DAYS = 365;

/** Enables automatic rotation. If it is already enabled, changes its period, which then counts from now. */
export const enableKeyRotation = operation(shape, (kms, { KeyId, RotationPeriodInDays }, request) => {
  const key = findKeyToRotate(kms, KeyId, request);
  requireEnabled(kms, key);
  const periodInDays = RotationPeriodInDays ?? key.rotationPeriodInDays ?? DEFAULT_PERIOD_DAYS;
  if (periodInDays === key.rotationPeriodInDays) return undefined;
  const nextDate = Math.round(kms.clock() + periodInDays * kms.dayMs);
  kms.state.keys.setRotation(key.keyId, { periodInDays, nextDate });
  return undefined;
});
