import type { VpcEndpointService } from '../../src/kms/connection/vpcEndpointService.ts';
import type { XksProxyConfiguration } from '../../src/kms/state/records.ts';
import { Secret } from '../../src/secret.ts';

/** A service that fulfills all requirements in us-east-1 for account 111122223333. */
export const GOOD_SERVICE: VpcEndpointService = {
  serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
  owner: '111122223333',
  serviceType: 'Interface',
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  acceptanceRequired: false,
  allowedPrincipals: ['cks.kms.us-east-1.amazonaws.com'],
  privateDnsName: 'private.xks.example.com',
  privateDnsNameVerificationState: 'verified',
};

/** A proxy behind that service. */
export const VPC_PROXY: XksProxyConfiguration = {
  connectivity: 'VPC_ENDPOINT_SERVICE',
  uriEndpoint: 'https://private.xks.example.com',
  uriPath: '/vpc/kms/xks/v1',
  vpcEndpointServiceName: GOOD_SERVICE.serviceName,
  vpcEndpointServiceOwner: GOOD_SERVICE.owner,
  accessKeyId: 'ABCDEFGHIJKLMNOPQRST',
  rawSecretAccessKey: new Secret('a'.repeat(43)),
};
