import type { LocalKms } from '../localKms.ts';
import type { CustomKeyStore } from '../state/records.ts';
import { connectToCluster } from './connectToCluster.ts';
import { connectToProxy } from './connectToProxy.ts';
import { failed, type ConnectionResult } from './connectionResult.ts';

/** What connecting a key store needs. */
export type ConnectingKms = Pick<
  LocalKms,
  'state' | 'xksProxy' | 'vpcEndpointServices' | 'identity' | 'subnets' | 'kmsUser'
>;

/** One attempt to connect a key store. `kmsRequestId` is for its proxy. Does not reject. */
export async function tryToConnect(
  kms: ConnectingKms,
  store: CustomKeyStore,
  kmsRequestId: string,
): Promise<ConnectionResult> {
  try {
    return store.customKeyStoreType === 'AWS_CLOUDHSM'
      ? await connectToCluster(kms, store)
      : await connectToProxy(kms, store, kmsRequestId);
  } catch (error) {
    return failed('INTERNAL_ERROR', String(error));
  }
}

/** Ends what connecting has begun; resolves when it has ended. */
export async function endConnection(kms: ConnectingKms, store: CustomKeyStore): Promise<void> {
  if (store.customKeyStoreType === 'AWS_CLOUDHSM') await kms.kmsUser.disconnect(store.customKeyStoreId);
  else kms.xksProxy.disconnect(store.proxy.uriEndpoint);
}
