import { KmsError } from '../kmsError.ts';
import type { Decision } from './decide.ts';

/**
 * Returns the exception with AWS's text, which names no resource if the resource does not exist yet. IAM User Guide, "Troubleshoot access
 * denied".
 */
export function accessDenied(
  callerArn: string,
  action: string,
  resource: string | undefined,
  { policy, explicit }: Exclude<Decision, 'allowed'>,
): KmsError {
  const on = resource === undefined ? '' : ` on resource: ${resource}`;
  const article = policy === 'identity-based' ? 'an' : 'a';
  const reason = explicit
    ? `with an explicit deny in ${article} ${policy} policy`
    : `because no ${policy} policy allows the ${action} action`;
  const message = `User: ${callerArn} is not authorized to perform: ${action}${on} ${reason}`;
  return new KmsError('AccessDeniedException', message);
}
