import type { RequestMetadata } from '../xksProxy/xksProxyClient.ts';
import type { KmsRequest } from './operation.ts';

/**
 * Returns the facts about a request that KMS sends to a proxy. CreateKey has no KMS key yet, and then `kmsViaService` is left out too.
 * Spec, "GetKeyMetadata".
 */
export function requestMetadata(
  { requestId, caller }: KmsRequest,
  kmsOperation: string,
  kmsKeyArn?: string,
): RequestMetadata {
  const { awsPrincipalArn, awsSourceVpc, awsSourceVpce, kmsViaService } = caller;
  return {
    awsPrincipalArn,
    ...(awsSourceVpc !== undefined && { awsSourceVpc }),
    ...(awsSourceVpce !== undefined && { awsSourceVpce }),
    ...(kmsKeyArn !== undefined && { kmsKeyArn }),
    kmsOperation,
    kmsRequestId: requestId,
    ...(kmsKeyArn !== undefined && kmsViaService !== undefined && { kmsViaService }),
  };
}
