import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

/** Disables a key. If the key is Unavailable, the effect shows when it is available again. */
export const disableKey = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId } = findKeyToChange(kms, KeyId, request);
  kms.state.keys.setState(keyId, 'Disabled');
  return undefined;
});
