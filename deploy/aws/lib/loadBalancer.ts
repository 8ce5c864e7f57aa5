import { Duration } from 'aws-cdk-lib';
import { Port, SecurityGroup, type CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { Network } from './network.ts';
import type { ProxyConfig } from './proxyConfig.ts';

/**
 * Time after which a deregistered task is stopped, at least drainSeconds. Until then a Network Load Balancer may still
 * send it new connections. AWS's own github.com/awslabs/nlb-sidecar-for-ecs waits as long.
 */
const DEREGISTRATION_DELAY = Duration.seconds(120);

/** The Network Load Balancer: forwards TCP 443 to the tasks and does not terminate TLS. */
export class LoadBalancer extends Construct {
  readonly nlb: elb.NetworkLoadBalancer;
  readonly targetGroup: elb.NetworkTargetGroup;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, network: Network, { port, monitoringPort }: ProxyConfig) {
    super(scope, id);
    const { vpc, subnets, taskSecurityGroup } = network;

    // There is no inbound rule, so nothing in the VPC or beyond reaches the listener. AWS KMS does, because inbound
    // rules are not enforced on PrivateLink traffic: rules could only name the addresses of KMS's own endpoints, which
    // are not published. The endpoint service decides who may connect through PrivateLink. NLB User Guide,
    // load-balancer-security-groups.html: a load balancer that was created without a security group cannot get one
    // later.
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'xks-proxy load balancer: PrivateLink alone',
      allowAllOutbound: false,
    });
    // The same page: outbound rules also apply to health checks. The default outbound rule allows everything, and
    // rules that are separate resources, as CDK makes them, do not remove it (CloudFormation, AWS::EC2::SecurityGroup,
    // SecurityGroupEgress).
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
      // NLB User Guide, edit-target-group-attributes.html, "Proxy protocol": the header has the id of the VPC endpoint.
      // Health checks begin with a header too, including those of the monitoring port.
      proxyProtocolV2: true,
      preserveClientIp: false,
      deregistrationDelay: DEREGISTRATION_DELAY,
      // The proxy closes its connections itself.
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
