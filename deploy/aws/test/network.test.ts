import { Match, type Matcher, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { idOf, synthesize } from './synthesize.ts';

describe('a new VPC', () => {
  const template = synthesize();

  it('has two private subnets, in two Availability Zones', () => {
    template.resourceCountIs('AWS::EC2::Subnet', 2);
    for (const zone of [0, 1]) {
      template.hasResourceProperties('AWS::EC2::Subnet', {
        AvailabilityZone: { 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] },
        MapPublicIpOnLaunch: false,
      });
    }
  });

  it('has no way to the internet', () => {
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::Route', 0);
  });

  it('has the given IPv4 range, DNS resolution and DNS hostnames', () => {
    template.hasResourceProperties('AWS::EC2::VPC', {
      CidrBlock: '10.0.0.0/24',
      EnableDnsHostnames: true,
      EnableDnsSupport: true,
    });
  });

  it.each(['ecr.api', 'ecr.dkr', 'secretsmanager', 'logs'])(
    'has an endpoint of %s that admits the tasks only',
    (name) => {
      template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
        ServiceName: { 'Fn::Join': ['', ['com.amazonaws.', { Ref: 'AWS::Region' }, `.${name}`]] },
        VpcEndpointType: 'Interface',
        PrivateDnsEnabled: true,
        SecurityGroupIds: [
          { 'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', 'NetworkEndpointSecurityGroup'), 'GroupId'] },
        ],
      });
      template.hasResourceProperties('AWS::EC2::SecurityGroup', {
        GroupDescription: Match.stringLikeRegexp('Endpoints'),
        SecurityGroupIngress: Match.absent(),
      });
      const admitted = template.findResources('AWS::EC2::SecurityGroupIngress', {
        Properties: {
          GroupId: {
            'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', 'NetworkEndpointSecurityGroup'), 'GroupId'],
          },
        },
      });
      const tasks = {
        'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', 'NetworkTaskSecurityGroup'), 'GroupId'],
      };
      expect(Object.values(admitted)).toMatchObject([
        { Properties: { FromPort: 443, ToPort: 443, SourceSecurityGroupId: tasks } },
      ]);
    },
  );

  it('has endpoints that only principals of this account may use', () => {
    template.resourcePropertiesCountIs(
      'AWS::EC2::VPCEndpoint',
      {
        VpcEndpointType: 'Interface',
        PolicyDocument: {
          Statement: [
            Match.objectLike({
              Effect: 'Allow',
              Condition: { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } },
            }),
          ],
        },
      },
      4,
    );
  });

  it('reads only image layers from S3', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Action: 's3:GetObject',
            Resource: {
              'Fn::Join': [
                '',
                ['arn:', { Ref: 'AWS::Partition' }, ':s3:::prod-', { Ref: 'AWS::Region' }, '-starport-layer-bucket/*'],
              ],
            },
          }),
        ],
      },
    });
  });

  it('is connected to the HSM network through a transit gateway, in both zones', () => {
    const connected = synthesize({
      transitGatewayId: 'tgw-0123456789abcdef0',
      hsmCidrs: ['10.20.0.0/24', '10.21.0.0/24'],
    });
    const subnets = Object.keys(connected.findResources('AWS::EC2::Subnet')).map((id) => ({ Ref: id }));
    connected.hasResourceProperties('AWS::EC2::TransitGatewayAttachment', {
      TransitGatewayId: 'tgw-0123456789abcdef0',
      SubnetIds: subnets,
    });
    for (const table of Object.keys(connected.findResources('AWS::EC2::RouteTable'))) {
      for (const DestinationCidrBlock of ['10.20.0.0/24', '10.21.0.0/24']) {
        connected.hasResourceProperties('AWS::EC2::Route', {
          RouteTableId: { Ref: table },
          DestinationCidrBlock,
          TransitGatewayId: 'tgw-0123456789abcdef0',
        });
      }
    }
  });
});

const EXISTING = {
  vpcCidr: undefined,
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  availabilityZones: 'us-east-1a,us-east-1b',
};

it('an existing VPC and its subnets are used instead, and nothing is added to them', () => {
  const template = synthesize(EXISTING);
  const subnets = EXISTING.subnetIds.split(',');
  for (const type of ['VPC', 'Subnet', 'VPCEndpoint', 'Route']) template.resourceCountIs(`AWS::EC2::${type}`, 0);
  template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Subnets: subnets });
  template.hasResourceProperties('AWS::ECS::Service', {
    NetworkConfiguration: { AwsvpcConfiguration: { Subnets: subnets } },
  });
});

describe('the tasks', () => {
  const tasks = (template: Template) => ({
    'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', 'NetworkTaskSecurityGroup'), 'GroupId'],
  });
  const rule = (port: number, address: object) =>
    Match.objectLike({ FromPort: port, ToPort: port, IpProtocol: 'tcp', ...address });
  /** Expects these rules and no others: those that are part of the security group, and those that are resources. */
  const expectOutbound = (template: Template, inside: readonly Matcher[], others: readonly Matcher[]) => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'xks-proxy tasks',
      SecurityGroupEgress: inside,
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', others.length);
    for (const other of others) template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', other);
  };
  const s3 = (template: Template) => rule(443, { GroupId: tasks(template), DestinationPrefixListId: 'pl-63a5400a' });

  it('may reach the endpoints of a new VPC, Amazon S3 and the ports of the HSMs only', () => {
    const template = synthesize({ hsmCidrs: '10.20.0.0/24,10.21.0.7/32', hsmPorts: '1792' });
    const endpoints = {
      'Fn::GetAtt': [idOf(template, 'AWS::EC2::SecurityGroup', 'NetworkEndpointSecurityGroup'), 'GroupId'],
    };
    expectOutbound(
      template,
      [rule(1792, { CidrIp: '10.20.0.0/24' }), rule(1792, { CidrIp: '10.21.0.7/32' })],
      [rule(443, { GroupId: tasks(template), DestinationSecurityGroupId: endpoints }), s3(template)],
    );
  });

  it('may reach the given addresses of AWS services in an existing VPC', () => {
    const template = synthesize({ ...EXISTING, awsServiceCidrs: '10.0.1.0/24,10.0.2.0/24' });
    expectOutbound(
      template,
      [
        rule(443, { CidrIp: '10.0.1.0/24' }),
        rule(443, { CidrIp: '10.0.2.0/24' }),
        rule(1792, { CidrIp: '10.20.0.0/24' }),
      ],
      [s3(template)],
    );
  });

  it('may reach AWS services at all addresses in an existing VPC if none are given', () => {
    const template = synthesize({ ...EXISTING, s3PrefixListId: undefined });
    expectOutbound(template, [rule(443, { CidrIp: '0.0.0.0/0' }), rule(1792, { CidrIp: '10.20.0.0/24' })], []);
  });
});
