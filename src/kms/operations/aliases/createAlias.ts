import { z } from 'zod';
import { aliasArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireAliasName, requireRoomForAlias } from './aliasNames.ts';
import { findAliasTarget } from './findAliasTarget.ts';

const shape = z.object({ AliasName: member.aliasName, TargetKeyId: member.keyId });

export const createAlias = operation(shape, (kms, { AliasName: aliasName, TargetKeyId }, request) => {
  requireAliasName(aliasName);
  request.access.requireAlias(aliasName);
  const { keyId: targetKeyId } = findAliasTarget(kms, TargetKeyId, request);
  const arn = aliasArn(kms.identity, aliasName);
  request.noteResource(arn);
  if (kms.state.aliases.find(aliasName)) {
    throw new KmsError('AlreadyExistsException', `An alias with the name ${arn} already exists`);
  }
  requireRoomForAlias(kms, targetKeyId);
  const now = kms.clock();
  kms.state.aliases.put({ aliasName, targetKeyId, creationDate: now, lastUpdatedDate: now });
  return undefined;
});
