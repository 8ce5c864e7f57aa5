import type { Identity } from '../arn.ts';
import type { XksProxyConfiguration } from '../state/records.ts';
import type { VpcEndpointService } from './vpcEndpointService.ts';

export type Verdict =
  | { readonly verdict: 'Ok' }
  /** `reason` is a sentence about the first requirement that is not met. */
  | { readonly verdict: 'NotFound' | 'Invalid'; readonly reason: string };

/**
 * Judges whether KMS can reach a proxy through the VPC endpoint service that its key store names. A public endpoint is always Ok. Source:
 * AWS KMS Developer Guide, "VPC endpoint service connectivity configuration errors".
 */
export function judgeVpcEndpointService(
  services: readonly VpcEndpointService[],
  proxy: XksProxyConfiguration,
  { region }: Identity,
): Verdict {
  const { connectivity, uriEndpoint, vpcEndpointServiceName: name = '', vpcEndpointServiceOwner: owner = '' } = proxy;
  if (connectivity === 'PUBLIC_ENDPOINT') return { verdict: 'Ok' };

  if (regionOf(name) !== region) return notFound(`It must be in the Region of the external key store, ${region}.`);
  const service = services.find(({ serviceName }) => serviceName === name);
  if (!service) return notFound('There is no VPC endpoint service of that name.');
  if (service.owner !== owner) return notFound(`Its owner is not the account ${owner}.`);
  const principal = `cks.kms.${region}.amazonaws.com`;
  if (!service.allowedPrincipals.includes(principal))
    return notFound(`Its allowed principals must include ${principal}.`);

  if (service.serviceType !== 'Interface')
    return invalid('Its type must be Interface: it needs a network load balancer.');
  if (new Set(service.availabilityZones).size < 2) return invalid('It must be in at least two Availability Zones.');
  if (service.acceptanceRequired) return invalid('It must not require acceptance of connection requests.');
  const { privateDnsName, privateDnsNameVerificationState: verification } = service;
  if (privateDnsName === undefined) return invalid('It must have a private DNS name.');
  if (`https://${privateDnsName}`.toLowerCase() !== uriEndpoint.toLowerCase()) {
    return invalid(`Its private DNS name, ${privateDnsName}, must be the host of XksProxyUriEndpoint, ${uriEndpoint}.`);
  }
  if (verification !== 'verified') {
    return invalid(
      `The verification status of the domain of its private DNS name must be verified; it is ${verification}.`,
    );
  }
  return { verdict: 'Ok' };
}

/** Reads the Region from a name such as `com.amazonaws.vpce.<region>.vpce-svc-<id>`. */
function regionOf(serviceName: string): string | undefined {
  return serviceName.split('.')[3];
}

function notFound(reason: string): Verdict {
  return { verdict: 'NotFound', reason };
}

function invalid(reason: string): Verdict {
  return { verdict: 'Invalid', reason };
}
