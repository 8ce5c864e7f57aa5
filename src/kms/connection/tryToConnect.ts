import { connectionErrorCode } from '../failures/kmsErrorOf.ts';
import type { LocalKms } from '../localKms.ts';
import type { ConnectionErrorCode, CustomKeyStore } from '../state/records.ts';
import { XksProxyFailure } from '../xksProxy/xksProxyFailure.ts';
import { judgeVpcEndpointService } from './judgeVpcEndpointService.ts';

export type ConnectionResult =
  | { readonly state: 'CONNECTED' }
  /** `detail` is for the log: the proxy's own words, or what went wrong. */
  | { readonly state: 'FAILED'; readonly errorCode: ConnectionErrorCode; readonly detail: string };

const ERROR_CODES = {
  NotFound: 'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND',
  Invalid: 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
} as const;

/** One attempt to connect a key store: its VPC endpoint service, if it has one, and then its proxy. Does not reject. */
export async function tryToConnect(
  kms: Pick<LocalKms, 'xksProxy' | 'vpcEndpointServices' | 'identity'>,
  { customKeyStoreId, proxy }: CustomKeyStore,
  kmsRequestId: string,
): Promise<ConnectionResult> {
  try {
    const judgement = judgeVpcEndpointService(kms.vpcEndpointServices, proxy, kms.identity);
    if (judgement.verdict !== 'Ok') return failed(ERROR_CODES[judgement.verdict], judgement.reason);
    // So that a new connection is made, with TLS files that are read anew.
    kms.xksProxy.disconnect(proxy.uriEndpoint);
    const requestMetadata = { kmsRequestId, kmsOperation: 'ConnectCustomKeyStore' };
    await kms.xksProxy.getHealthStatus({ proxy, requestMetadata, customKeyStoreId });
    return { state: 'CONNECTED' };
  } catch (error) {
    if (error instanceof XksProxyFailure) return failed(connectionErrorCode(error, proxy.connectivity), error.message);
    return failed('INTERNAL_ERROR', String(error));
  }
}

function failed(errorCode: ConnectionErrorCode, detail: string): ConnectionResult {
  return { state: 'FAILED', errorCode, detail };
}
