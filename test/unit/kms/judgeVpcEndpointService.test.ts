import { describe, expect, it } from 'vitest';
import { judgeVpcEndpointService } from '../../../src/kms/connection/judgeVpcEndpointService.ts';
import type { VpcEndpointService } from '../../../src/kms/connection/vpcEndpointService.ts';
import type { XksProxyConfiguration } from '../../../src/kms/state/records.ts';
import { GOOD_SERVICE, VPC_PROXY } from '../../support/vpcEndpointServices.ts';

const identity = { region: 'us-east-1', accountId: '111122223333' };

function judge(service: Partial<VpcEndpointService>, proxy: Partial<XksProxyConfiguration> = {}) {
  return judgeVpcEndpointService([{ ...GOOD_SERVICE, ...service }], { ...VPC_PROXY, ...proxy }, identity);
}

it('a service that meets all requirements is found, and host names ignore case', () => {
  expect(judge({})).toEqual({ verdict: 'Ok' });
  expect(judge({ privateDnsName: 'Private.XKS.example.com' })).toEqual({ verdict: 'Ok' });
});

it('another account’s service is found under that account', () => {
  const owner = '444455556666';
  expect(judge({ owner }, { vpcEndpointServiceOwner: owner })).toEqual({ verdict: 'Ok' });
});

it('a public endpoint needs no service', () => {
  const proxy = { connectivity: 'PUBLIC_ENDPOINT', vpcEndpointServiceName: undefined } as const;
  expect(judge({ acceptanceRequired: true }, proxy)).toEqual({ verdict: 'Ok' });
});

describe('is not found', () => {
  const elsewhere = 'com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0';
  it.each<[string, Partial<VpcEndpointService>, Partial<XksProxyConfiguration>]>([
    [
      'There is no VPC endpoint service of that name.',
      {},
      { vpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0' },
    ],
    [
      'It must be in the Region of the external key store, us-east-1.',
      { serviceName: elsewhere },
      { vpcEndpointServiceName: elsewhere },
    ],
    ['Its owner is not the account 111122223333.', { owner: '444455556666' }, {}],
    ['Its owner is not the account 444455556666.', {}, { vpcEndpointServiceOwner: '444455556666' }],
    ['Its allowed principals must include cks.kms.us-east-1.amazonaws.com.', { allowedPrincipals: [] }, {}],
    [
      'Its allowed principals must include cks.kms.us-east-1.amazonaws.com.',
      { allowedPrincipals: ['cks.kms.us-east-2.amazonaws.com', '111122223333'] },
      {},
    ],
  ])('%s', (reason, service, proxy) => {
    expect(judge(service, proxy)).toEqual({ verdict: 'NotFound', reason });
  });
});

describe('is invalid', () => {
  const noInterface = 'Its type must be Interface: it needs a network load balancer.';
  const oneZone = 'It must be in at least two Availability Zones.';
  const unverified = 'The verification status of the domain of its private DNS name must be verified; it is ';
  it.each<[string, Partial<VpcEndpointService>]>([
    [noInterface, { serviceType: 'Gateway' }],
    [noInterface, { serviceType: 'GatewayLoadBalancer' }],
    [oneZone, { availabilityZones: ['us-east-1a'] }],
    [oneZone, { availabilityZones: ['us-east-1a', 'us-east-1a'] }],
    ['It must not require acceptance of connection requests.', { acceptanceRequired: true }],
    ['It must have a private DNS name.', { privateDnsName: undefined }],
    [
      'Its private DNS name, other.example.com, must be the host of XksProxyUriEndpoint, https://private.xks.example.com.',
      { privateDnsName: 'other.example.com' },
    ],
    [`${unverified}pendingVerification.`, { privateDnsNameVerificationState: 'pendingVerification' }],
    [`${unverified}failed.`, { privateDnsNameVerificationState: 'failed' }],
  ])('%s', (reason, service) => {
    expect(judge(service)).toEqual({ verdict: 'Invalid', reason });
  });
});
