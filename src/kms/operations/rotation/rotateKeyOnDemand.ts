import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import { requireEnabled } from '../keys/keyState.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { addKeyMaterial } from './addKeyMaterial.ts';
import { findKeyToRotate } from './findKeyToRotate.ts';

// API reference, RotateKeyOnDemand.
const MOST_ROTATIONS = 25;

/** Rotates a key now. The schedule of automatic rotation does not change. */
export const rotateKeyOnDemand = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const key = findKeyToRotate(kms, KeyId, request);
  requireEnabled(kms, key);
  const onDemand = kms.state.keyMaterials.list(key.keyId).filter(({ rotationType }) => rotationType === 'ON_DEMAND');
  const arn = keyArn(kms.identity, key.keyId);
  if (onDemand.length >= MOST_ROTATIONS) {
    throw new KmsError(
      'LimitExceededException',
      'The on-demand rotations limit has been reached for the given keyId. ' +
        `No more on-demand rotations can be performed for this key: ${arn}`,
    );
  }
  addKeyMaterial(kms, key, 'ON_DEMAND');
  // AWS returns the ARN, although its API reference calls it an id.
  return { KeyId: arn };
});
