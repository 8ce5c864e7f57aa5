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

/** The schedule of automatic rotation stays as it is. */
export const rotateKeyOnDemand = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const key = findKeyToRotate(kms, KeyId, request);
  requireEnabled(kms, key);
  const onDemand = kms.state.keyMaterials.list(key.keyId).filter(({ rotationType }) => rotationType === 'ON_DEMAND');
  if (onDemand.length >= MOST_ROTATIONS) {
    const arn = keyArn(kms.identity, key.keyId);
    throw new KmsError('LimitExceededException', `${arn} has been rotated on demand ${MOST_ROTATIONS} times: no more.`);
  }
  addKeyMaterial(kms, key, 'ON_DEMAND');
  return { KeyId: key.keyId };
});
