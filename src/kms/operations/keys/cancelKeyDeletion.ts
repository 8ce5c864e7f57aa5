import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';

/** Cancels the deletion of a key, which is Disabled afterwards. */
export const cancelKeyDeletion = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId, state } = findKey(kms, KeyId, { aliases: false }, request);
  const arn = keyArn(kms.identity, keyId);
  if (state !== 'PendingDeletion') throw new KmsError('KMSInvalidStateException', `${arn} is not pending deletion.`);
  kms.state.keys.setState(keyId, 'Disabled');
  return { KeyId: arn };
});
