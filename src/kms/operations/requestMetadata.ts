import type { RequestMetadata } from '../xksProxy/xksProxyClient.ts';
import type { KmsRequest } from './operation.ts';

/**
 * What a proxy is told of the request that it is called for. Without a KMS key, which CreateKey is about to make, there is no
 * `kmsViaService` either. Spec, "GetKeyMetadata".
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
