import { z } from 'zod';
import { aliasArn } from '../../arn.ts';
import { findAlias } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireAliasName, requireRoomForAlias } from './aliasNames.ts';
import { requireAliasAccess } from './requireAliasAccess.ts';
import { findAliasTarget } from './findAliasTarget.ts';

const shape = z.object({ AliasName: member.aliasName, TargetKeyId: member.keyId });

/** Points an alias to another key. The old key may be pending deletion, but the new key may not. */
export const updateAlias = operation(shape, (kms, { AliasName, TargetKeyId }, request) => {
  requireAliasName(AliasName);
  const alias = findAlias(kms, AliasName);
  request.noteResource(aliasArn(kms.identity, AliasName));
  requireAliasAccess(kms, alias, request);
  const { keyId: targetKeyId } = findAliasTarget(kms, TargetKeyId, request);
  if (targetKeyId !== alias.targetKeyId) requireRoomForAlias(kms, targetKeyId);
  kms.state.aliases.put({ ...alias, targetKeyId, lastUpdatedDate: kms.clock() });
  return undefined;
});
