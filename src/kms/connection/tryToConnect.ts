import type { LocalKms } from '../localKms.ts';
import type { CustomKeyStore } from '../state/records.ts';
import { connectToCluster } from './connectToCluster.ts';
import { connectToProxy } from './connectToProxy.ts';
import { failed, type ConnectionResult } from './connectionResult.ts';

/** Parts of the local KMS that are needed to connect a key store. */
export type ConnectingKms = Pick<
  LocalKms,
  'state' | 'xksProxy' | 'vpcEndpointServices' | 'identity' | 'subnets' | 'kmsUser'
>;

/** Tries once to connect a key store. `kmsRequestId` is for the request to its proxy. Never rejects. */
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

/** Ends the connection of a key store. Resolves when it has ended. */
export async function endConnection(kms: ConnectingKms, store: CustomKeyStore): Promise<void> {
  if (store.customKeyStoreType === 'AWS_CLOUDHSM') await kms.kmsUser.disconnect(store.customKeyStoreId);
  else kms.xksProxy.disconnect(store.proxy.uriEndpoint);
}
