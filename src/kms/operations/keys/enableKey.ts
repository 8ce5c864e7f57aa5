import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

/** On a key that is Unavailable it shows when that is available again. */
export const enableKey = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId } = findKeyToChange(kms, KeyId, request);
  kms.state.keys.setState(keyId, 'Enabled');
  return undefined;
});
