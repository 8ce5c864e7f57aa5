import { Duration, Stack } from 'aws-cdk-lib';
import { CfnVPCEndpointService, CfnVPCEndpointServicePermissions } from 'aws-cdk-lib/aws-ec2';
import { PublicHostedZone, TxtRecord } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { LoadBalancer } from './loadBalancer.ts';
import type { Settings } from './settings.ts';

/** The endpoint service that AWS KMS connects to. */
export class EndpointService extends Construct {
  readonly serviceId: string;
  /** The XksProxyVpcEndpointServiceName of KMS. */
  readonly serviceName: string;
  /** The TXT record: its name, below the domain to verify, and its value. */
  readonly verificationName: string;
  readonly verificationValue: string;

  constructor(scope: Construct, id: string, settings: Settings, { nlb }: LoadBalancer) {
    super(scope, id);
    const { region } = Stack.of(this);
    // KMS Developer Guide, vpc-connectivity.html, step 4: acceptance not required, a private DNS name, IPv4.
    const service = new CfnVPCEndpointService(this, 'Service', {
      networkLoadBalancerArns: [nlb.loadBalancerArn],
      acceptanceRequired: false,
      privateDnsName: settings.privateDnsName,
      supportedIpAddressTypes: ['ipv4'],
    });
    this.serviceId = service.attrServiceId;
    this.serviceName = `com.amazonaws.vpce.${region}.${this.serviceId}`;
    this.verificationName = service.attrPrivateDnsNameConfigurationName;
    this.verificationValue = service.attrPrivateDnsNameConfigurationValue;

    // The same page, step 6: admits AWS KMS of this Region only.
    new CfnVPCEndpointServicePermissions(this, 'Permissions', {
      serviceId: this.serviceId,
      allowedPrincipals: [`cks.kms.${region}.amazonaws.com`],
    });

    // The same page, step 5, and PrivateLink Guide, manage-dns-names.html: the record is in public DNS, in a parent
    // domain of the private name.
    const { hostedZoneId, hostedZoneName: zoneName } = settings;
    if (hostedZoneId !== undefined && zoneName !== undefined) {
      new TxtRecord(this, 'VerificationRecord', {
        zone: PublicHostedZone.fromPublicHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName }),
        recordName: this.verificationName,
        values: [this.verificationValue],
        ttl: Duration.seconds(1800),
      });
    }
  }
}
