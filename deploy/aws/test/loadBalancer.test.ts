import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { idOf, synthesize } from './synthesize.ts';

const template = synthesize();
const groupId = (part: string) => ({ 'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', part), 'GroupId'] });
const LOAD_BALANCER = groupId('LoadBalancerSecurityGroup');
const TASKS = groupId('NetworkTaskSecurityGroup');

const attribute = (Key: string, Value: string) => Match.arrayWith([{ Key, Value }]);
const hasTargets = (properties: object) => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', properties);
};

it('is an internal IPv4 Network Load Balancer in both subnets', () => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    Type: 'network',
    Scheme: 'internal',
    IpAddressType: 'ipv4',
    Subnets: Object.keys(template.findResources('AWS::EC2::Subnet')).map((id) => ({ Ref: id })),
  });
});

it('balances across zones', () => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    LoadBalancerAttributes: attribute('load_balancing.cross_zone.enabled', 'true'),
  });
});

it('forwards TCP 443 and does not terminate TLS', () => {
  template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
    Port: 443,
    Protocol: 'TCP',
    DefaultActions: [
      { Type: 'forward', TargetGroupArn: { Ref: idOf(template, 'AWS::ElasticLoadBalancingV2::TargetGroup') } },
    ],
  });
});

it('has IP addresses as targets, on the port of the proxy', () => {
  hasTargets({ TargetType: 'ip', Protocol: 'TCP', Port: 8443 });
});

it('sends PROXY protocol v2', () => {
  hasTargets({ TargetGroupAttributes: attribute('proxy_protocol_v2.enabled', 'true') });
});

it('checks readiness on the monitoring port', () => {
  hasTargets({
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: '9464',
    HealthCheckPath: '/readyz',
    Matcher: { HttpCode: '200' },
  });
});

it('does not cut the connections of a task that drains', () => {
  hasTargets({
    TargetGroupAttributes: Match.arrayWith([
      { Key: 'deregistration_delay.timeout_seconds', Value: '120' },
      { Key: 'deregistration_delay.connection_termination.enabled', Value: 'false' },
    ]),
  });
});

it('is open to PrivateLink only: it has no inbound rule, and enforces none on PrivateLink traffic', () => {
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
    SecurityGroups: [LOAD_BALANCER],
    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
  });
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    GroupDescription: Match.stringLikeRegexp('load balancer'),
    SecurityGroupIngress: Match.absent(),
  });
  expect(template.findResources('AWS::EC2::SecurityGroupIngress', { Properties: { GroupId: LOAD_BALANCER } })).toEqual(
    {},
  );
});

it('reaches only the two ports of the tasks', () => {
  const rule = (port: number) => ({
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    DestinationSecurityGroupId: TASKS,
  });
  // The rules are inline, because only inline rules remove the default rule, which allows everything.
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    GroupDescription: Match.stringLikeRegexp('load balancer'),
    SecurityGroupEgress: [rule(8443), rule(9464)],
  });
});

it('is the only resource that may reach the tasks', () => {
  const rules = template.findResources('AWS::EC2::SecurityGroupIngress', { Properties: { GroupId: TASKS } });
  const rule = (port: number) => ({
    Properties: { IpProtocol: 'tcp', FromPort: port, ToPort: port, SourceSecurityGroupId: LOAD_BALANCER },
  });
  expect(Object.values(rules)).toMatchObject([rule(8443), rule(9464)]);
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    GroupDescription: 'xks-proxy tasks',
    SecurityGroupIngress: Match.absent(),
  });
});
