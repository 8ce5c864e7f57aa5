import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

/** Enables a key. If the key is Unavailable, the effect shows when it is available again. */
export const enableKey = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId } = findKeyToChange(kms, KeyId, request);
  kms.state.keys.setState(keyId, 'Enabled');
  return undefined;
});
