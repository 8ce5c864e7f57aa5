import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { requireConnectionState } from '../../connection/requireConnectionState.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore, XksProxyConfiguration } from '../../state/records.ts';
import { customKeyStoreId, customKeyStoreName } from '../members.ts';
import { operation } from '../operation.ts';
import { cloudHsmMembers, refuseCloudHsmMembers } from './cloudHsmMembers.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';
import { mergeXksProxy } from './mergeXksProxy.ts';
import { requireHealthyProxy } from './requireHealthyProxy.ts';
import { requireUnique } from './requireUnique.ts';
import { requireVpcEndpointService } from './requireVpcEndpointService.ts';
import { xksProxyMembers } from './xksProxyMembers.ts';

const shape = z.object({
  CustomKeyStoreId: customKeyStoreId,
  NewCustomKeyStoreName: customKeyStoreName.optional(),
  ...cloudHsmMembers,
  ...xksProxyMembers,
  // API reference, XksProxyConnectivity: null or empty with PUBLIC_ENDPOINT.
  XksProxyVpcEndpointServiceName: z.preprocess(
    (name) => (name === '' ? undefined : name),
    xksProxyMembers.XksProxyVpcEndpointServiceName,
  ),
});
type Input = z.output<typeof shape>;

// The rest can be changed in any state. AWS KMS Developer Guide, "Editing external key store properties".
const NEED_DISCONNECTED = [
  'XksProxyConnectivity',
  'XksProxyUriEndpoint',
  'XksProxyVpcEndpointServiceName',
  'XksProxyVpcEndpointServiceOwner',
] as const;

/** Nothing is stored that GetHealthStatus has not succeeded with, but a name. */
export const updateCustomKeyStore = operation(shape, async (kms, input, request) => {
  refuseCloudHsmMembers(input);
  const { CustomKeyStoreId, NewCustomKeyStoreName, ...changes } = input;
  const changesProxy = Object.values(changes).some((value) => value !== undefined);
  if (!changesProxy && NewCustomKeyStoreName === undefined) {
    throw new KmsError('ValidationException', 'Specify at least one property of the custom key store to change.');
  }
  let tested: XksProxyConfiguration | undefined;
  for (;;) {
    // Read again after each test: meanwhile others may have changed, connected or deleted the key store.
    const before = findCustomKeyStore(kms, CustomKeyStoreId, request);
    const after = updated(kms, before, input);
    if (!changesProxy || (tested && isSame(tested, after.proxy))) {
      kms.state.customKeyStores.put(after);
      endOldConnections(kms, before.proxy, after.proxy);
      return {};
    }
    requireVpcEndpointService(kms, after.proxy);
    const requestMetadata = { kmsRequestId: request.requestId, kmsOperation: 'UpdateCustomKeyStore' };
    await requireHealthyProxy(kms, { proxy: after.proxy, requestMetadata, customKeyStoreId: CustomKeyStoreId });
    tested = after.proxy;
  }
});

/** Throws if the key store's state or others' properties do not allow it. */
function updated(kms: LocalKms, before: CustomKeyStore, input: Input): CustomKeyStore {
  const needDisconnected = NEED_DISCONNECTED.filter((name) => input[name] !== undefined);
  if (needDisconnected.length > 0) {
    requireConnectionState(before, `UpdateCustomKeyStore of ${needDisconnected.join(', ')}`, ['DISCONNECTED']);
  }
  const after = {
    ...before,
    customKeyStoreName: input.NewCustomKeyStoreName ?? before.customKeyStoreName,
    proxy: mergeXksProxy(before.proxy, input, kms.identity.accountId),
    credentialDate: input.XksProxyAuthenticationCredential ? kms.clock() : before.credentialDate,
  };
  const others = kms.state.customKeyStores.list();
  requireUnique(
    after,
    others.filter((other) => other.customKeyStoreId !== before.customKeyStoreId),
  );
  return after;
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
