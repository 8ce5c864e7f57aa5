import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** The VPC, and the private subnets of all its resources. */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly subnets: ec2.SubnetSelection;
  /** The security group of the tasks. Each construct that connects to them adds its own inbound rule. */
  readonly taskSecurityGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.vpc = settings.vpcCidr === undefined ? this.#existingVpc(settings) : this.#newVpc(settings.vpcCidr);
    // A VPC that is imported by id has only the private subnets that were given.
    this.subnets = { subnets: [...this.vpc.isolatedSubnets, ...this.vpc.privateSubnets] };

    this.taskSecurityGroup = new ec2.SecurityGroup(this, 'TaskSecurityGroup', {
      vpc: this.vpc,
      description: 'xks-proxy tasks',
      allowAllOutbound: false,
    });
    this.#allowAwsServices(settings);
    for (const cidr of settings.hsmCidrs) {
      for (const port of settings.hsmPorts) {
        this.taskSecurityGroup.addEgressRule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(port), 'HSM');
      }
    }

    if (settings.transitGatewayId !== undefined) this.#connectHsmNetwork(settings.transitGatewayId, settings.hsmCidrs);
  }

  #existingVpc({ vpcId = '', availabilityZones = [], subnetIds = [] }: Settings): ec2.IVpc {
    return ec2.Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones, privateSubnetIds: subnetIds });
  }

  #newVpc(cidr: string): ec2.Vpc {
    // KMS Developer Guide, vpc-connectivity.html, step 1: two zones with a private subnet each, no public subnet, no NAT gateway.
    return new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Private', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
      enableDnsHostnames: true,
      enableDnsSupport: true,
    });
  }

  /**
   * Lets tasks call Amazon ECR, S3, Secrets Manager and CloudWatch Logs: in a new VPC only through its endpoints, and in
   * an existing VPC at the given addresses, because its routes decide which addresses these services have.
   */
  #allowAwsServices({ vpcCidr, awsServiceCidrs = ['0.0.0.0/0'], s3PrefixListId }: Settings): void {
    const peers =
      vpcCidr === undefined ? awsServiceCidrs.map((cidr) => ec2.Peer.ipv4(cidr)) : [this.#addServiceEndpoints()];
    for (const peer of peers) this.taskSecurityGroup.addEgressRule(peer, ec2.Port.HTTPS, 'AWS services');
    // A gateway endpoint has no address of its own, so the rule names those of Amazon S3.
    if (s3PrefixListId !== undefined)
      this.taskSecurityGroup.addEgressRule(ec2.Peer.prefixList(s3PrefixListId), ec2.Port.HTTPS, 'Amazon S3');
  }

  /**
   * The VPC endpoints that a Fargate task needs without internet access: ECR User Guide, vpc-endpoints.html. Returns
   * their security group.
   */
  #addServiceEndpoints(): ec2.SecurityGroup {
    const securityGroup = new ec2.SecurityGroup(this, 'EndpointSecurityGroup', {
      vpc: this.vpc,
      description: 'Endpoints of AWS services, for xks-proxy tasks',
      allowAllOutbound: false,
    });
    securityGroup.addIngressRule(this.taskSecurityGroup, ec2.Port.HTTPS);
    const { account, partition, region } = Stack.of(this);
    const services = {
      EcrApi: ec2.InterfaceVpcEndpointAwsService.ECR,
      EcrDocker: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
      SecretsManager: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      Logs: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    };
    for (const [name, service] of Object.entries(services)) {
      const endpoint = this.vpc.addInterfaceEndpoint(name, {
        service,
        subnets: this.subnets,
        securityGroups: [securityGroup],
        open: false,
      });
      // Prevents an attacker who controls a task from sending its secrets to another account with credentials of that
      // account.
      endpoint.addToPolicy(
        new PolicyStatement({
          principals: [new AnyPrincipal()],
          actions: ['*'],
          resources: ['*'],
          conditions: { StringEquals: { 'aws:PrincipalAccount': account } },
        }),
      );
    }
    const s3 = this.vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
    // The same page, "Minimum Amazon S3 Bucket Permissions for Amazon ECR".
    s3.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ['s3:GetObject'],
        resources: [`arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`],
      }),
    );
    return securityGroup;
  }

  /** Connects the VPC to the external key manager's network: KMS Developer Guide, vpc-connectivity.html. */
  #connectHsmNetwork(transitGatewayId: string, hsmCidrs: readonly string[]): void {
    const { subnets = [] } = this.subnets;
    const attachment = new ec2.CfnTransitGatewayAttachment(this, 'HsmNetwork', {
      transitGatewayId,
      vpcId: this.vpc.vpcId,
      subnetIds: subnets.map(({ subnetId }) => subnetId),
    });
    for (const [zone, subnet] of subnets.entries()) {
      for (const [index, destinationCidrBlock] of hsmCidrs.entries()) {
        new ec2.CfnRoute(this, `HsmRoute${zone}${index}`, {
          routeTableId: subnet.routeTable.routeTableId,
          destinationCidrBlock,
          transitGatewayId,
        }).addResourceDependency(attachment);
      }
    }
  }
}
