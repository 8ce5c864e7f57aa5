import { z } from 'zod';
import { aliasArn, keyArn } from '../../arn.ts';
import { findAlias } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireCustomerAlias } from './aliasNames.ts';
import { requireAliasAccess } from './requireAliasAccess.ts';

export const deleteAlias = operation(z.object({ AliasName: member.aliasName }), (kms, { AliasName }, request) => {
  requireCustomerAlias(AliasName);
  const alias = findAlias(kms, AliasName);
  const { aliasName, targetKeyId } = alias;
  request.noteResource(aliasArn(kms.identity, aliasName));
  request.noteResource(keyArn(kms.identity, targetKeyId));
  requireAliasAccess(kms, alias, request);
  kms.state.aliases.delete(aliasName);
  return undefined;
});
