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

// The rest can be changed in any state. AWS KMS Developer Guide, "Editing external key store properties".
const NEED_DISCONNECTED = [
  'XksProxyConnectivity',
  'XksProxyUriEndpoint',
  'XksProxyVpcEndpointServiceName',
  'XksProxyVpcEndpointServiceOwner',
] as const;

/** Nothing is stored that GetHealthStatus has not succeeded with, but a name. Rejects with KmsError. */
export async function updateExternalKeyStore(
  kms: LocalKms,
  update: KeyStoreUpdate,
  changes: XksProxyMembers,
): Promise<void> {
  const { customKeyStoreId, request } = update;
  const changesProxy = Object.values(changes).some((value) => value !== undefined);
  let tested: XksProxyConfiguration | undefined;
  for (;;) {
    // Read again after each test: meanwhile others may have changed, connected or deleted the key store.
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

/** Throws if the key store's state or others' properties do not allow it. */
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

/** They lead to another proxy, or through another VPC endpoint service. */
function endOldConnections({ xksProxy }: LocalKms, before: XksProxyConfiguration, after: XksProxyConfiguration): void {
  const isSameWay =
    before.uriEndpoint === after.uriEndpoint && before.vpcEndpointServiceName === after.vpcEndpointServiceName;
  if (!isSameWay) xksProxy.disconnect(before.uriEndpoint);
}
