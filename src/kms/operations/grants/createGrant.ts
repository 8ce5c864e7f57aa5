import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { accountPrincipal, canonicalPrincipal, principalsOf } from '../../access/principals.ts';
import { keyArn } from '../../arn.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';
import { endDryRun } from '../endDryRun.ts';
import { findKeyToChange } from '../keys/findKeyToChange.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import {
  requireConstraints,
  requireGrantOperations,
  requireGrantPrincipal,
  requireRoomForGrant,
} from './grantRules.ts';
import { newGrantToken } from './grantToken.ts';

const constraints = z.object({
  EncryptionContextSubset: member.encryptionContext.optional(),
  EncryptionContextEquals: member.encryptionContext.optional(),
});

const shape = z.object({
  KeyId: member.keyId,
  GranteePrincipal: member.principalId,
  RetiringPrincipal: member.principalId.optional(),
  Operations: member.grantOperations,
  Constraints: constraints.default({}),
  GrantTokens: member.grantTokens.optional(),
  Name: member.grantName.optional(),
  DryRun: z.boolean().optional(),
});

/** Creates a grant. If a grant with the same name and the same properties exists, returns a new token of that grant. */
export const createGrant = operation(shape, (kms, input, request) => {
  const { caller } = request;
  // Checked before policies are evaluated, so that policies see only bounded texts.
  requireConstraints(input.Constraints);
  const key = findKeyToChange(kms, input.KeyId, request);
  if (key.state === 'Disabled') {
    throw new KmsError('DisabledException', `${keyArn(kms.identity, key.keyId)} is disabled.`);
  }
  requireGrantOperations(kms, key, input.Operations);
  requireGrantPrincipal(input.GranteePrincipal, caller);
  if (input.RetiringPrincipal !== undefined) requireGrantPrincipal(input.RetiringPrincipal, caller);

  const grant: Grant = {
    grantId: randomBytes(32).toString('hex'),
    keyId: key.keyId,
    creationDate: kms.clock(),
    name: input.Name,
    granteePrincipal: input.GranteePrincipal,
    retiringPrincipal: input.RetiringPrincipal,
    granteeName: canonicalPrincipal(input.GranteePrincipal),
    operations: [...new Set(input.Operations)],
    constraints: input.Constraints,
    issuingAccount: accountPrincipal(principalsOf(caller.awsPrincipalArn).accountId ?? kms.identity.accountId),
  };
  const existing = findSame(kms, grant);
  if (!existing) requireRoomForGrant(kms, key);
  endDryRun(input);
  if (!existing) kms.state.grants.put(grant);
  const { grantId } = existing ?? grant;
  return { GrantId: grantId, GrantToken: newGrantToken(grantId) };
});

function findSame({ state }: LocalKms, grant: Grant): Grant | undefined {
  if (grant.name === undefined) return undefined;
  const sought = identityOf(grant);
  for (const candidate of state.grants.named(grant.keyId, grant.name)) {
    if (identityOf(candidate) === sought) return candidate;
  }
  return undefined;
}

/** Returns a text of all properties besides key and name that two requests for the same grant share. */
function identityOf({ granteePrincipal, retiringPrincipal, operations, constraints, issuingAccount }: Grant): string {
  const sorted = (pairs: Readonly<Record<string, string>> = {}): unknown => Object.entries(pairs).sort();
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints;
  const kinds = [equals !== undefined, subset !== undefined];
  const parts = [granteePrincipal, retiringPrincipal, operations.toSorted(), kinds, sorted(equals), sorted(subset)];
  return JSON.stringify([...parts, issuingAccount]);
}
