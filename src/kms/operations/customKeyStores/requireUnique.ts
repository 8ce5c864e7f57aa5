import { KmsError } from '../../kmsError.ts';
import type { CustomKeyStore } from '../../state/records.ts';

/**
 * The rules of what key stores may not share. Source: AWS KMS Developer Guide, "Assemble the prerequisites", "Uniqueness
 * requirements". Throws CustomKeyStoreNameInUseException, XksProxyUriInUseException, XksProxyUriEndpointInUseException and
 * XksProxyVpcEndpointServiceInUseException.
 */
export function requireUnique(
  { customKeyStoreName, proxy }: Pick<CustomKeyStore, 'customKeyStoreName' | 'proxy'>,
  others: readonly CustomKeyStore[],
): void {
  if (others.some((other) => other.customKeyStoreName === customKeyStoreName)) {
    throw new KmsError(
      'CustomKeyStoreNameInUseException',
      `The name ${customKeyStoreName} is already assigned to another custom key store in the account.`,
    );
  }
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
