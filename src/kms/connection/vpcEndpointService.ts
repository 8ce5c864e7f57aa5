/** A VPC endpoint service of the configuration, in EC2's terms. Source: EC2 API, ServiceConfiguration, ServiceDetail. */
export interface VpcEndpointService {
  /** `com.amazonaws.vpce.<region>.vpce-svc-<id>` */
  readonly serviceName: string;
  /** An account id. */
  readonly owner: string;
  readonly serviceType: 'Interface' | 'Gateway' | 'GatewayLoadBalancer';
  readonly availabilityZones: readonly string[];
  readonly acceptanceRequired: boolean;
  readonly allowedPrincipals: readonly string[];
  readonly privateDnsName: string | undefined;
  readonly privateDnsNameVerificationState: 'verified' | 'pendingVerification' | 'failed';
}
