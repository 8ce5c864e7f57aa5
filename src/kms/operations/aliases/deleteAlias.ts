import { z } from 'zod';
import { aliasArn, keyArn } from '../../arn.ts';
import { findAlias } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { requireCustomerAlias } from './aliasNames.ts';

export const deleteAlias = operation(z.object({ AliasName: member.aliasName }), (kms, { AliasName }, request) => {
  requireCustomerAlias(AliasName);
  const { aliasName, targetKeyId } = findAlias(kms, AliasName);
  request.noteResource(aliasArn(kms.identity, aliasName));
  request.noteResource(keyArn(kms.identity, targetKeyId));
  kms.state.aliases.delete(aliasName);
  return undefined;
});
