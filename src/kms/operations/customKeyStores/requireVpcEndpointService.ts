import { judgeVpcEndpointService } from '../../connection/judgeVpcEndpointService.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { XksProxyConfiguration } from '../../state/records.ts';

/**
 * Throws XksProxyVpcEndpointServiceNotFoundException or XksProxyVpcEndpointServiceInvalidConfigurationException. Never throws for a public
 * endpoint.
 */
export function requireVpcEndpointService(kms: LocalKms, proxy: XksProxyConfiguration): void {
  const judgement = judgeVpcEndpointService(kms.vpcEndpointServices, proxy, kms.identity);
  const name = proxy.vpcEndpointServiceName ?? '';
  if (judgement.verdict === 'NotFound') {
    throw new KmsError(
      'XksProxyVpcEndpointServiceNotFoundException',
      `AWS KMS cannot find the VPC endpoint service ${name}. ${judgement.reason}`,
    );
  }
  if (judgement.verdict === 'Invalid') {
    throw new KmsError(
      'XksProxyVpcEndpointServiceInvalidConfigurationException',
      `The VPC endpoint service ${name} does not fulfill the requirements for an external key store. ${judgement.reason}`,
    );
  }
}
