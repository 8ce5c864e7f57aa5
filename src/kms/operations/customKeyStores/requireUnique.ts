import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { CustomKeyStore, ExternalKeyStore, XksProxyConfiguration } from '../../state/records.ts';

// AWS KMS Developer Guide, "Quotas": custom key stores of both kinds in an account and Region.
const MAX_CUSTOM_KEY_STORES = 10;

/** Throws CustomKeyStoreNameInUseException, and LimitExceededException if there is no room for a new key store. */
export function requireRoom({ state }: Pick<LocalKms, 'state'>, customKeyStoreName: string): void {
  const others = state.customKeyStores.list();
  requireUniqueName(customKeyStoreName, others);
  if (others.length < MAX_CUSTOM_KEY_STORES) return;
  throw new KmsError(
    'LimitExceededException',
    `There are ${MAX_CUSTOM_KEY_STORES} custom key stores in the account and Region, which is the quota.`,
  );
}

/** Throws CustomKeyStoreNameInUseException. */
export function requireUniqueName(customKeyStoreName: string, others: readonly CustomKeyStore[]): void {
  if (others.every((other) => other.customKeyStoreName !== customKeyStoreName)) return;
  throw new KmsError(
    'CustomKeyStoreNameInUseException',
    `The name ${customKeyStoreName} is already assigned to another custom key store in the account.`,
  );
}

/**
 * The rules of what external key stores may not share. Source: AWS KMS Developer Guide, "Assemble the prerequisites", "Uniqueness
 * requirements". Throws XksProxyUriInUseException, XksProxyUriEndpointInUseException and XksProxyVpcEndpointServiceInUseException.
 */
export function requireUniqueProxy(proxy: XksProxyConfiguration, others: readonly ExternalKeyStore[]): void {
  const sameEndpoint = others
    .map((other) => other.proxy)
    .filter((other) => other.uriEndpoint.toLowerCase() === proxy.uriEndpoint.toLowerCase());
  if (sameEndpoint.some((other) => other.uriPath === proxy.uriPath)) {
    throw new KmsError(
      'XksProxyUriInUseException',
      `${proxy.uriEndpoint}${proxy.uriPath} is already associated with another external key store in this Region.`,
    );
  }
  if (
    sameEndpoint.some((other) => [other, proxy].some(({ connectivity }) => connectivity === 'VPC_ENDPOINT_SERVICE'))
  ) {
    throw new KmsError(
      'XksProxyUriEndpointInUseException',
      `${proxy.uriEndpoint} is already associated with another external key store in this Region. ` +
        'Only external key stores with public endpoint connectivity can share an endpoint.',
    );
  }
  const service = proxy.vpcEndpointServiceName;
  if (service !== undefined && others.some((other) => other.proxy.vpcEndpointServiceName === service)) {
    throw new KmsError(
      'XksProxyVpcEndpointServiceInUseException',
      `${service} is already associated with another external key store in this Region.`,
    );
  }
}
