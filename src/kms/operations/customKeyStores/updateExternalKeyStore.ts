import { isDeepStrictEqual } from 'node:util';
import { requireConnectionState } from '../../connection/requireConnectionState.ts';
import type { LocalKms } from '../../localKms.ts';
import type { ExternalKeyStore, XksProxyConfiguration } from '../../state/records.ts';
import { findToUpdate, nameAfter, type KeyStoreUpdate } from './keyStoreUpdate.ts';
import { mergeXksProxy } from './mergeXksProxy.ts';
import { requireHealthyProxy } from './requireHealthyProxy.ts';
import { requireUniqueProxy } from './requireUnique.ts';
import { requireVpcEndpointService } from './requireVpcEndpointService.ts';
import type { XksProxyMembers } from './xksProxyMembers.ts';

// Members that can be changed only while DISCONNECTED. The others can be changed in any state. AWS KMS Developer Guide, "Editing external
// key store properties".
const NEED_DISCONNECTED = [
  'XksProxyConnectivity',
  'XksProxyUriEndpoint',
  'XksProxyVpcEndpointServiceName',
  'XksProxyVpcEndpointServiceOwner',
] as const;

/**
 * Updates an external key store. A change of the proxy's configuration is stored only after GetHealthStatus has succeeded with it. Rejects
 * with KmsError.
 */
export async function updateExternalKeyStore(
  kms: LocalKms,
  update: KeyStoreUpdate,
  changes: XksProxyMembers,
): Promise<void> {
  const { customKeyStoreId, request } = update;
  const changesProxy = Object.values(changes).some((value) => value !== undefined);
  let tested: XksProxyConfiguration | undefined;
  for (;;) {
    // Read again after each test, because other calls may have changed, connected or deleted the key store meanwhile.
    const before = findToUpdate(kms, update, 'EXTERNAL_KEY_STORE');
    const after = updated(kms, before, update, changes);
    if (!changesProxy || (tested && isSame(tested, after.proxy))) {
      kms.state.customKeyStores.put(after);
      endOldConnections(kms, before.proxy, after.proxy);
      return;
    }
    requireVpcEndpointService(kms, after.proxy);
    const requestMetadata = { kmsRequestId: request.requestId, kmsOperation: 'UpdateCustomKeyStore' };
    await requireHealthyProxy(kms, { proxy: after.proxy, requestMetadata, customKeyStoreId });
    tested = after.proxy;
  }
}

/** Returns the updated key store. Throws if its state or the properties of other key stores do not allow the update. */
function updated(
  kms: LocalKms,
  before: ExternalKeyStore,
  update: KeyStoreUpdate,
  changes: XksProxyMembers,
): ExternalKeyStore {
  const needDisconnected = NEED_DISCONNECTED.filter((name) => changes[name] !== undefined);
  if (needDisconnected.length > 0) {
    requireConnectionState(before, `UpdateCustomKeyStore of ${needDisconnected.join(', ')}`, ['DISCONNECTED']);
  }
  const proxy = mergeXksProxy(before.proxy, changes, kms.identity.accountId);
  const customKeyStoreName = nameAfter(kms, before, update);
  requireUniqueProxy(
    proxy,
    kms.state.customKeyStores.external().filter((other) => other.customKeyStoreId !== before.customKeyStoreId),
  );
  const credentialDate = changes.XksProxyAuthenticationCredential ? kms.clock() : before.credentialDate;
  return { ...before, customKeyStoreName, proxy, credentialDate };
}

function isSame(one: XksProxyConfiguration, other: XksProxyConfiguration): boolean {
  const [a, b] = [one, other].map((proxy) => ({ ...proxy, rawSecretAccessKey: proxy.rawSecretAccessKey.reveal() }));
  return isDeepStrictEqual(a, b);
}

/** Ends the old connections if they lead to another proxy or through another VPC endpoint service. */
function endOldConnections({ xksProxy }: LocalKms, before: XksProxyConfiguration, after: XksProxyConfiguration): void {
  const isSameWay =
    before.uriEndpoint === after.uriEndpoint && before.vpcEndpointServiceName === after.vpcEndpointServiceName;
  if (!isSameWay) xksProxy.disconnect(before.uriEndpoint);
}
