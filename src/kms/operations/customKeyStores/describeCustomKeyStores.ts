import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { CustomKeyStore, XksProxyConfiguration } from '../../state/records.ts';
import { customKeyStoreId, customKeyStoreName, pagination } from '../members.ts';
import { operation } from '../operation.ts';
import { paginate } from '../paginate.ts';

const shape = z.object({
  CustomKeyStoreId: customKeyStoreId.optional(),
  CustomKeyStoreName: customKeyStoreName.optional(),
  ...pagination,
});

export const describeCustomKeyStores = operation(shape, (kms, input) => {
  const stores = wanted(kms.state.customKeyStores.list(), input);
  const { page, ...rest } = paginate(stores, input, (store) => store.customKeyStoreId);
  return { CustomKeyStores: page.map(describe), ...rest };
});

function wanted(
  stores: readonly CustomKeyStore[],
  { CustomKeyStoreId: id, CustomKeyStoreName: name }: z.output<typeof shape>,
): readonly CustomKeyStore[] {
  if (id === undefined && name === undefined) return stores;
  if (id !== undefined && name !== undefined) {
    throw new KmsError('ValidationException', 'Specify CustomKeyStoreId or CustomKeyStoreName, not both.');
  }
  const found = stores.filter((store) =>
    id === undefined ? store.customKeyStoreName === name : store.customKeyStoreId === id,
  );
  if (found.length > 0) return found;
  const what = id === undefined ? `name ${String(name)}` : `ID ${id}`;
  throw new KmsError('CustomKeyStoreNotFoundException', `There is no custom key store with the ${what}.`);
}

/** Returns a CustomKeyStoresListEntry, which contains no secrets. */
function describe(store: CustomKeyStore): Readonly<Record<string, unknown>> {
  return {
    CustomKeyStoreId: store.customKeyStoreId,
    CustomKeyStoreName: store.customKeyStoreName,
    CustomKeyStoreType: store.customKeyStoreType,
    ConnectionState: store.connectionState,
    ConnectionErrorCode: store.connectionState === 'FAILED' ? store.connectionErrorCode : undefined,
    CreationDate: new Date(store.creationDate),
    ...(store.customKeyStoreType === 'AWS_CLOUDHSM'
      ? { CloudHsmClusterId: store.cloudHsmClusterId, TrustAnchorCertificate: store.trustAnchorCertificate }
      : { XksProxyConfiguration: describeProxy(store.proxy) }),
  };
}

function describeProxy(proxy: XksProxyConfiguration): Readonly<Record<string, unknown>> {
  return {
    Connectivity: proxy.connectivity,
    AccessKeyId: proxy.accessKeyId,
    UriEndpoint: proxy.uriEndpoint,
    UriPath: proxy.uriPath,
    VpcEndpointServiceName: proxy.vpcEndpointServiceName,
    VpcEndpointServiceOwner: proxy.vpcEndpointServiceOwner,
  };
}
