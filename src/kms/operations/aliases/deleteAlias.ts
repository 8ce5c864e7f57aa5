import { z } from 'zod';
import { findAlias } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireAliasPrefix } from './aliasNames.ts';

export const deleteAlias = operation(z.object({ AliasName: member.aliasName }), (kms, { AliasName }) => {
  requireAliasPrefix(AliasName);
  const { aliasName } = findAlias(kms, AliasName);
  kms.state.aliases.delete(aliasName);
  return undefined;
});
