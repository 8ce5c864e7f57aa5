import { Duration } from 'aws-cdk-lib';
import { Port, SecurityGroup, type CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { Network } from './network.ts';
import type { ProxyConfig } from './proxyConfig.ts';

/**
 * Time after which a deregistered task is stopped. A Network Load Balancer still gives it new connections for a while; AWS's own
 * github.com/awslabs/nlb-sidecar-for-ecs waits this long. No shorter than drainSeconds can be.
 */
const DEREGISTRATION_DELAY = Duration.seconds(120);

/** The Network Load Balancer: TCP 443 in, TLS untouched, to the tasks. */
export class LoadBalancer extends Construct {
  readonly nlb: elb.NetworkLoadBalancer;
  readonly targetGroup: elb.NetworkTargetGroup;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, network: Network, { port, monitoringPort }: ProxyConfig) {
    super(scope, id);
    const { vpc, subnets, taskSecurityGroup } = network;

    // No inbound rule, so nobody in the VPC or beyond reaches the listener. AWS KMS does, because inbound rules are not enforced
    // on PrivateLink traffic: they could only name the addresses of KMS's own endpoints, which are not published. Who may
    // connect through PrivateLink is decided by the endpoint service.
    // NLB User Guide, load-balancer-security-groups.html: none can be added to a load balancer that was made without.
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'xks-proxy load balancer: PrivateLink alone',
      allowAllOutbound: false,
    });
    // The same page: health checks are subject to the outbound rules. Rules that are resources of their own, as CDK makes them, do
    // not remove the default one, which allows everything (CloudFormation, AWS::EC2::SecurityGroup, SecurityGroupEgress).
    const ports = [port, monitoringPort];
    (this.securityGroup.node.defaultChild as CfnSecurityGroup).securityGroupEgress = ports.map((taskPort) => ({
      ipProtocol: 'tcp',
      fromPort: taskPort,
      toPort: taskPort,
      destinationSecurityGroupId: taskSecurityGroup.securityGroupId,
    }));
    for (const taskPort of ports) taskSecurityGroup.addIngressRule(this.securityGroup, Port.tcp(taskPort));

    // KMS Developer Guide, vpc-connectivity.html, step 3: internal, IPv4, in both zones, TCP 443.
    this.nlb = new elb.NetworkLoadBalancer(this, 'Nlb', {
      vpc,
      vpcSubnets: subnets,
      internetFacing: false,
      ipAddressType: elb.IpAddressType.IPV4,
      crossZoneEnabled: true,
      securityGroups: [this.securityGroup],
      enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: false,
    });

    // The same page, step 2: IP addresses, TCP.
    this.targetGroup = new elb.NetworkTargetGroup(this, 'Targets', {
      vpc,
      targetType: elb.TargetType.IP,
      protocol: elb.Protocol.TCP,
      port,
      // NLB User Guide, edit-target-group-attributes.html, "Proxy protocol": the header has the id of the VPC endpoint, and health
      // checks begin with one too, those of the monitoring port among them.
      proxyProtocolV2: true,
      preserveClientIp: false,
      deregistrationDelay: DEREGISTRATION_DELAY,
      // The proxy ends its connections itself.
      connectionTermination: false,
      healthCheck: {
        protocol: elb.Protocol.HTTP,
        port: String(monitoringPort),
        path: '/readyz',
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    this.nlb.addListener('Tls', { port: 443, protocol: elb.Protocol.TCP, defaultTargetGroups: [this.targetGroup] });
  }
}
