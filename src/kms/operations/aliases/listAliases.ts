import { z } from 'zod';
import { aliasArn } from '../../arn.ts';
import { lookUpKey } from '../keys/findKey.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';

const shape = z.object({ KeyId: member.keyId.optional(), ...member.pagination, Limit: member.limit.default(50) });

export const listAliases = operation(shape, (kms, input, request) => {
  const target = input.KeyId === undefined ? undefined : lookUpKey(kms, input.KeyId, { aliases: false }, request);
  const aliases = kms.state.aliases.list().filter(({ targetKeyId }) => !target || targetKeyId === target.keyId);
  const { page, ...rest } = paginate(aliases, input, ({ aliasName }) => aliasName);
  const entries = page.map(({ aliasName, targetKeyId, creationDate, lastUpdatedDate }) => ({
    AliasName: aliasName,
    AliasArn: aliasArn(kms.identity, aliasName),
    TargetKeyId: targetKeyId,
    CreationDate: new Date(creationDate),
    LastUpdatedDate: new Date(lastUpdatedDate),
  }));
  return { Aliases: entries, ...rest };
});
