import { z } from 'zod';
import { findAlias } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireAliasName } from './aliasNames.ts';
import { findAliasTarget } from './findAliasTarget.ts';

const shape = z.object({ AliasName: member.aliasName, TargetKeyId: member.keyId });

/** The key that it referred to may be pending deletion; the one that it will refer to may not. */
export const updateAlias = operation(shape, (kms, { AliasName, TargetKeyId }) => {
  requireAliasName(AliasName);
  const alias = findAlias(kms, AliasName);
  const { keyId: targetKeyId } = findAliasTarget(kms, TargetKeyId);
  kms.state.aliases.put({ ...alias, targetKeyId, lastUpdatedDate: kms.clock() });
  return undefined;
});
