import { connectionErrorCode } from '../failures/kmsErrorOf.ts';
import type { LocalKms } from '../localKms.ts';
import type { ExternalKeyStore } from '../state/records.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { failed, type ConnectionResult } from './connectionResult.ts';
import { judgeVpcEndpointService } from './judgeVpcEndpointService.ts';

const ERROR_CODES = {
  NotFound: 'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND',
  Invalid: 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
} as const;

/**
 * Tries once to connect an external key store: checks its VPC endpoint service, if it has one, and then calls its proxy. Rejects only if an
 * error is not an XksProxyFailure.
 */
export async function connectToProxy(
  kms: Pick<LocalKms, 'xksProxy' | 'vpcEndpointServices' | 'identity'>,
  { customKeyStoreId, proxy }: ExternalKeyStore,
  kmsRequestId: string,
): Promise<ConnectionResult> {
  const judgement = judgeVpcEndpointService(kms.vpcEndpointServices, proxy, kms.identity);
  if (judgement.verdict !== 'Ok') return failed(ERROR_CODES[judgement.verdict], judgement.reason);
  // Forces a new connection, with TLS files that are read again.
  kms.xksProxy.disconnect(proxy.uriEndpoint);
  const requestMetadata = { kmsRequestId, kmsOperation: 'ConnectCustomKeyStore' };
  try {
    await kms.xksProxy.getHealthStatus({ proxy, requestMetadata, customKeyStoreId });
    return { state: 'CONNECTED' };
  } catch (error) {
    if (!(error instanceof XksProxyFailure)) throw error;
    return failed(connectionErrorCode(error, proxy.connectivity), error.message);
  }
}
