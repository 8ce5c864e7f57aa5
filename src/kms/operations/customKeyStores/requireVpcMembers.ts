import { KmsError } from '../../kmsError.ts';
import type { XksProxyConfiguration } from '../../state/records.ts';

/** Throws ValidationException if the members of a VPC endpoint service do not fit the connectivity. */
export function requireVpcMembers({
  connectivity,
  vpcEndpointServiceName: name,
  vpcEndpointServiceOwner: owner,
}: Pick<XksProxyConfiguration, 'connectivity' | 'vpcEndpointServiceName' | 'vpcEndpointServiceOwner'>): void {
  if (connectivity === 'VPC_ENDPOINT_SERVICE' && name === undefined) {
    throw new KmsError(
      'ValidationException',
      'XksProxyVpcEndpointServiceName is required when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.',
    );
  }
  if (connectivity === 'PUBLIC_ENDPOINT' && (name !== undefined || owner !== undefined)) {
    throw new KmsError(
      'ValidationException',
      'XksProxyVpcEndpointServiceName and XksProxyVpcEndpointServiceOwner are valid only when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.',
    );
  }
}
