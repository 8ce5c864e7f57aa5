import { managementError } from '../../failures/kmsErrorOf.ts';
import type { LocalKms } from '../../localKms.ts';
import type { XksCall } from '../../xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../../xksProxy/xksProxyFailure.ts';

/** Calls GetHealthStatus. If it fails, rejects with the exception of CreateCustomKeyStore and UpdateCustomKeyStore. */
export async function requireHealthyProxy(kms: LocalKms, call: XksCall): Promise<void> {
  try {
    await kms.xksProxy.getHealthStatus(call);
  } catch (error) {
    // Drops the connection, so that failed endpoints do not accumulate and the next attempt reads the CA file again.
    kms.xksProxy.disconnect(call.proxy.uriEndpoint);
    throw error instanceof XksProxyFailure ? managementError(error) : error;
  }
}
