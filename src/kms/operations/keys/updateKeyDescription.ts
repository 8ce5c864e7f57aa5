import { z } from 'zod';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKeyToChange } from './findKeyToChange.ts';

const shape = z.object({ KeyId: member.keyId, Description: member.description });

export const updateKeyDescription = operation(shape, (kms, { KeyId, Description }, request) => {
  const { keyId } = findKeyToChange(kms, KeyId, request);
  kms.state.keys.update(keyId, { description: Description });
  return undefined;
});
