import { managementError } from '../../failures/kmsErrorOf.ts';
import type { LocalKms } from '../../localKms.ts';
import type { XksCall } from '../../xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../../xksProxy/xksProxyFailure.ts';

/** Rejects with the exception of CreateCustomKeyStore and UpdateCustomKeyStore if GetHealthStatus fails. */
export async function requireHealthyProxy(kms: LocalKms, call: XksCall): Promise<void> {
  try {
    await kms.xksProxy.getHealthStatus(call);
  } catch (error) {
    // Endpoints that lead nowhere are not kept; and a CA file that is mended is read anew by the next attempt.
    kms.xksProxy.disconnect(call.proxy.uriEndpoint);
    throw error instanceof XksProxyFailure ? managementError(error) : error;
  }
}
