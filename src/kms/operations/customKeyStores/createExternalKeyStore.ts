import { Secret } from '../../../secret.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { XksProxyConfiguration } from '../../state/records.ts';
import type { NewKeyStore } from './newKeyStore.ts';
import { requireHealthyProxy } from './requireHealthyProxy.ts';
import { requireRoom, requireUniqueProxy } from './requireUnique.ts';
import { requireVpcEndpointService } from './requireVpcEndpointService.ts';
import { requireVpcMembers } from './requireVpcMembers.ts';
import type { XksProxyMembers } from './xksProxyMembers.ts';

/** Stores a new external key store, after a check of its proxy or of its VPC endpoint service. Rejects with KmsError. */
export async function createExternalKeyStore(
  kms: LocalKms,
  input: XksProxyMembers,
  common: NewKeyStore,
  kmsRequestId: string,
): Promise<void> {
  const proxy = proxyOf(input, kms.identity.accountId);
  const requireFree = (): void => {
    requireRoom(kms, common.customKeyStoreName);
    requireUniqueProxy(proxy, kms.state.customKeyStores.external());
  };
  requireFree();
  if (proxy.connectivity === 'VPC_ENDPOINT_SERVICE') requireVpcEndpointService(kms, proxy);
  else {
    const requestMetadata = { kmsRequestId, kmsOperation: 'CreateCustomKeyStore' };
    await requireHealthyProxy(kms, { proxy, requestMetadata, customKeyStoreId: undefined });
    // Checked again, because other key stores may have been created meanwhile.
    requireFree();
  }
  const credentialDate = common.creationDate;
  kms.state.customKeyStores.put({ ...common, customKeyStoreType: 'EXTERNAL_KEY_STORE', proxy, credentialDate });
}

/** Reads the proxy's configuration. Throws ValidationException if members are missing or do not fit the connectivity. */
function proxyOf(input: XksProxyMembers, accountId: string): XksProxyConfiguration {
  const {
    XksProxyConnectivity: connectivity,
    XksProxyUriEndpoint: uriEndpoint,
    XksProxyUriPath: uriPath,
    XksProxyAuthenticationCredential: credential,
    XksProxyVpcEndpointServiceName: vpcEndpointServiceName,
    XksProxyVpcEndpointServiceOwner: owner,
  } = input;
  if (!connectivity || !uriEndpoint || !uriPath || !credential) {
    throw new KmsError(
      'ValidationException',
      'An external key store needs XksProxyConnectivity, XksProxyUriEndpoint, XksProxyUriPath and XksProxyAuthenticationCredential.',
    );
  }
  requireVpcMembers({ connectivity, vpcEndpointServiceName, vpcEndpointServiceOwner: owner });
  return {
    connectivity,
    uriEndpoint,
    uriPath,
    vpcEndpointServiceName,
    vpcEndpointServiceOwner: connectivity === 'VPC_ENDPOINT_SERVICE' ? (owner ?? accountId) : undefined,
    accessKeyId: credential.AccessKeyId,
    rawSecretAccessKey: new Secret(credential.RawSecretAccessKey),
  };
}
