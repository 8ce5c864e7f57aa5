import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Secret } from '../../../secret.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore, XksProxyConfiguration } from '../../state/records.ts';
import { customKeyStoreName, customKeyStoreType } from '../members.ts';
import { operation } from '../operation.ts';
import { cloudHsmMembers, refuseCloudHsmMembers } from './cloudHsmMembers.ts';
import { requireHealthyProxy } from './requireHealthyProxy.ts';
import { requireUnique } from './requireUnique.ts';
import { requireVpcEndpointService } from './requireVpcEndpointService.ts';
import { requireVpcMembers } from './requireVpcMembers.ts';
import { xksProxyMembers, type XksProxyMembers } from './xksProxyMembers.ts';

const shape = z.object({
  CustomKeyStoreName: customKeyStoreName,
  CustomKeyStoreType: customKeyStoreType.optional(),
  ...cloudHsmMembers,
  ...xksProxyMembers,
});

// AWS KMS Developer Guide, "Quotas": custom key stores of both kinds in an account and Region.
const MAX_CUSTOM_KEY_STORES = 10;

export const createCustomKeyStore = operation(shape, async (kms, input, { requestId }) => {
  if (input.CustomKeyStoreType !== 'EXTERNAL_KEY_STORE') {
    throw new KmsError(
      'UnsupportedOperationException',
      'This local KMS has only external key stores: CustomKeyStoreType must be EXTERNAL_KEY_STORE.',
    );
  }
  refuseCloudHsmMembers(input);
  const proxy = proxyOf(input, kms.identity.accountId);
  const candidate = { customKeyStoreName: input.CustomKeyStoreName, proxy };
  requireRoom(kms, candidate);
  if (proxy.connectivity === 'VPC_ENDPOINT_SERVICE') requireVpcEndpointService(kms, proxy);
  else {
    const requestMetadata = { kmsRequestId: requestId, kmsOperation: 'CreateCustomKeyStore' };
    await requireHealthyProxy(kms, { proxy, requestMetadata, customKeyStoreId: undefined });
    // Others may have been created meanwhile.
    requireRoom(kms, candidate);
  }
  const now = kms.clock();
  const store: CustomKeyStore = {
    ...candidate,
    customKeyStoreId: `cks-${randomBytes(9).toString('hex').slice(1)}`,
    creationDate: now,
    connectionState: 'DISCONNECTED',
    connectionErrorCode: undefined,
    credentialDate: now,
  };
  kms.state.customKeyStores.put(store);
  return { CustomKeyStoreId: store.customKeyStoreId };
});

function requireRoom(kms: LocalKms, candidate: Pick<CustomKeyStore, 'customKeyStoreName' | 'proxy'>): void {
  const others = kms.state.customKeyStores.list();
  requireUnique(candidate, others);
  if (others.length < MAX_CUSTOM_KEY_STORES) return;
  throw new KmsError(
    'LimitExceededException',
    `There are ${MAX_CUSTOM_KEY_STORES} custom key stores in the account and Region, which is the quota.`,
  );
}

/** Throws ValidationException if members are missing, or do not belong to the connectivity. */
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
