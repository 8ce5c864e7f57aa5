import { z } from 'zod';
import type { KeyFacts } from '../../access/keyFacts.ts';
import { keyPolicySchema } from '../../access/policySchema.ts';
import type { RequestAccess } from '../../access/requestAccess.ts';
import { KmsError } from '../../kmsError.ts';

/**
 * Returns the policy of a key that is created without one. Like AWS's default, it gives control to the account, and so to its IAM policies.
 */
export function defaultKeyPolicy(accountId: string): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${accountId}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] }, null, 2);
}

// AWS KMS Developer Guide, "Resource quotas".
const MAX_POLICY_BYTES = 32_768;

/** A new policy for a key. */
export interface NewKeyPolicy {
  readonly text: string;
  readonly keyId: string;
  readonly key: KeyFacts;
  /** The member BypassPolicyLockoutSafetyCheck. */
  readonly mayLockOut: boolean;
}

/**
 * Throws LimitExceededException if the policy is too long. Throws MalformedPolicyDocumentException if it is not well-formed, or would not
 * let the caller change it again. AWS stores no such policy.
 */
export function requireKeyPolicy({ text, keyId, key, mayLockOut }: NewKeyPolicy, access: RequestAccess): void {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw new KmsError('LimitExceededException', `A key policy has at most ${MAX_POLICY_BYTES} bytes`);
  }
  const { data: policy, error } = keyPolicySchema.safeParse(parseJson(text));
  if (error) throw malformed(describe(error.issues));
  if (!mayLockOut && !access.canUpdate(policy, keyId, key)) {
    throw malformed('The new key policy will not allow you to update the key policy in the future.');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, refusePrototype);
  } catch {
    throw malformed('Policy is not a JSON object');
  }
}

/** Refuses the name `__proto__`, because a condition with this name would be lost and its statement would apply without the condition. */
function refusePrototype(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new SyntaxError('a member named __proto__');
  return value;
}

function describe(issues: readonly z.core.$ZodIssue[]): string {
  if (issues.some(({ path }) => path.some((part) => part === 'Principal' || part === 'NotPrincipal'))) {
    return 'Policy contains a statement with one or more invalid principals.';
  }
  const [first] = issues;
  return `${z.core.toDotPath(first?.path ?? []) || 'Policy'} ${first?.message ?? 'is not valid'}`;
}

function malformed(message: string): KmsError {
  return new KmsError('MalformedPolicyDocumentException', message);
}

/** Throws NotFoundException for any name except `default`, because a key has only one policy. */
export function requireDefaultPolicyName(policyName: string): void {
  if (policyName !== 'default') throw new KmsError('NotFoundException', 'No such policy exists');
}
