import { KmsError } from '../../kmsError.ts';

/** Policy of a key that is created without one. Like AWS's, it gives the account control, and so its IAM policies. */
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

/** Policies are kept, not evaluated: what is in one is not looked at. Throws MalformedPolicyDocumentException. */
export function requireKeyPolicy(policy: string): void {
  if (!isJsonObject(policy)) throw new KmsError('MalformedPolicyDocumentException', 'Policy is not a JSON object');
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** A key has one policy. Throws NotFoundException. */
export function requireDefaultPolicyName(policyName: string): void {
  if (policyName !== 'default') throw new KmsError('NotFoundException', 'No such policy exists');
}
