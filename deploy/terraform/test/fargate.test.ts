import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allOfCdk, camelCase, cdkResources, onlyOfCdk, permissions, resolved, withoutTexts } from './cdkTemplate.ts';
import { describeCommonFacts } from './commonFacts.ts';
import { ExamplePlan } from './examplePlan.ts';
import { describeWithProvider } from './terraformFolder.ts';

describeWithProvider('the example for Fargate', () => {
  const plan = new ExamplePlan('fargate');
  describeCommonFacts(plan);

  it.each([
    ['AWS::EC2::VPC', 'aws_vpc'],
    ['AWS::EC2::Subnet', 'aws_subnet'],
    ['AWS::EC2::RouteTable', 'aws_route_table'],
    ['AWS::EC2::SubnetRouteTableAssociation', 'aws_route_table_association'],
    ['AWS::EC2::VPCEndpoint', 'aws_vpc_endpoint'],
    ['AWS::EC2::SecurityGroup', 'aws_security_group'],
    ['AWS::EC2::SecurityGroupIngress', 'aws_vpc_security_group_ingress_rule'],
    ['AWS::EC2::TransitGatewayAttachment', 'aws_ec2_transit_gateway_vpc_attachment'],
    ['AWS::EC2::Route', 'aws_route'],
    ['AWS::ElasticLoadBalancingV2::LoadBalancer', 'aws_lb'],
    ['AWS::ElasticLoadBalancingV2::Listener', 'aws_lb_listener'],
    ['AWS::ElasticLoadBalancingV2::TargetGroup', 'aws_lb_target_group'],
    ['AWS::Logs::LogGroup', 'aws_cloudwatch_log_group'],
    ['AWS::IAM::Role', 'aws_iam_role'],
    ['AWS::ECS::TaskDefinition', 'aws_ecs_task_definition'],
    ['AWS::ECS::Cluster', 'aws_ecs_cluster'],
    ['AWS::ECS::Service', 'aws_ecs_service'],
    ['AWS::EC2::VPCEndpointService', 'aws_vpc_endpoint_service'],
    ['AWS::Route53::RecordSet', 'aws_route53_record'],
    ['AWS::SNS::Topic', 'aws_sns_topic'],
    ['AWS::SNS::Subscription', 'aws_sns_topic_subscription'],
    ['AWS::CloudWatch::Alarm', 'aws_cloudwatch_metric_alarm'],
  ])('has as many of %s as the CDK app', (cdkType, type) => {
    expect(allOfCdk(cdkType)).not.toEqual([]);
    expect(plan.all(type)).toHaveLength(allOfCdk(cdkType).length);
  });

  it('has a counterpart for every other type of the CDK app in these resources', () => {
    // In Terraform, these types are allowed_principals and the policies in each role. The CDK app has other outbound rules inside their
    // security group.
    const parts = ['AWS::EC2::VPCEndpointServicePermissions', 'AWS::IAM::Policy', 'AWS::EC2::SecurityGroupEgress'];
    const types = new Set(cdkResources.map(({ Type }) => Type).filter((type) => !parts.includes(type)));
    expect(types.size).toBe(22);
  });

  it('has the containers of the CDK app', () => {
    const { ContainerDefinitions, Cpu, Memory } = onlyOfCdk('AWS::ECS::TaskDefinition');
    const { container_definitions, cpu, memory } = plan.only('aws_ecs_task_definition');
    expect([cpu, memory]).toEqual([Cpu, Memory]);
    expect(withoutTexts(JSON.parse(container_definitions as string))).toEqual(
      withoutTexts(camelCase(resolved(ContainerDefinitions))),
    );
  });

  it('gives the tasks its configuration file', () => {
    const { container_definitions } = plan.only('aws_ecs_task_definition');
    const [files] = JSON.parse(container_definitions as string) as [{ environment: unknown }];
    const text = readFileSync(join(plan.folder, 'examples/fargate/config.yaml'), 'utf8');
    expect(files.environment).toEqual([{ name: 'FILE_0', value: text }]);
  });

  it('runs the service as the CDK app does', () => {
    expect(plan.only('aws_ecs_service')).toMatchObject({
      desired_count: 2,
      launch_type: 'FARGATE',
      availability_zone_rebalancing: 'ENABLED',
      deployment_minimum_healthy_percent: 100,
      deployment_maximum_percent: 200,
      deployment_circuit_breaker: [{ enable: true, rollback: true }],
      health_check_grace_period_seconds: 120,
      enable_execute_command: false,
      network_configuration: [{ assign_public_ip: false }],
      load_balancer: [{ container_name: 'xks-proxy', container_port: 8443 }],
    });
  });

  it('gives the roles the permissions of the CDK app', () => {
    const ofCdk = allOfCdk('AWS::IAM::Policy').flatMap(({ PolicyDocument }) => permissions(resolved(PolicyDocument)));
    // The log group's ARN is unknown before the log group exists, so one policy is absent from the plan.
    const known = plan.all('aws_iam_role_policy').filter(({ policy }) => policy !== undefined);
    const ofTerraform = known.flatMap(({ policy }) => permissions(JSON.parse(policy as string)));
    expect(ofTerraform.sort()).toEqual(ofCdk.filter((permission) => !permission.includes('logs:')).sort());
    expect(plan.all('aws_iam_role_policy')).toHaveLength(known.length + 1);
  });

  it('lets ECS use the roles only for tasks of this account and Region, as in the CDK app', () => {
    const trust = {
      Effect: 'Allow',
      Principal: { Service: 'ecs-tasks.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'aws:SourceAccount': '111122223333' },
        ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:us-east-1:111122223333:*' },
      },
    };
    const policy = { Version: '2012-10-17', Statement: [trust] };
    expect(allOfCdk('AWS::IAM::Role').map((role) => resolved(role['AssumeRolePolicyDocument']))).toEqual([
      policy,
      policy,
    ]);
    expect(plan.all('aws_iam_role').map((role) => JSON.parse(role['assume_role_policy'] as string) as unknown)).toEqual(
      [policy, policy],
    );
  });

  it('has the endpoints of the CDK app, which credentials of other accounts cannot use', () => {
    const withLists = (policy: string) =>
      JSON.parse(policy, (key, value: unknown) => (key === 'Resource' ? [value].flat() : value)) as unknown;
    const ofCdk = new Map(
      allOfCdk('AWS::EC2::VPCEndpoint').map(({ ServiceName, PolicyDocument }) => [
        resolved(ServiceName),
        withLists(JSON.stringify(resolved(PolicyDocument))),
      ]),
    );
    const ofTerraform = new Map(
      plan.all('aws_vpc_endpoint').map(({ service_name, policy }) => [service_name, withLists(policy as string)]),
    );
    expect(ofTerraform).toEqual(ofCdk);
    expect(ofTerraform.get('com.amazonaws.us-east-1.secretsmanager')).toMatchObject({
      Statement: [{ Condition: { StringEquals: { 'aws:PrincipalAccount': '111122223333' } } }],
    });
  });

  it('keeps the log for the same time as the CDK app', () => {
    const { RetentionInDays } = onlyOfCdk('AWS::Logs::LogGroup');
    expect(plan.only('aws_cloudwatch_log_group')).toMatchObject({
      retention_in_days: RetentionInDays,
      skip_destroy: true,
    });
  });

  it('has two private subnets in two zones, with routes to the HSMs', () => {
    expect(plan.all('aws_subnet')).toMatchObject([
      { availability_zone: 'us-east-1a', cidr_block: '10.0.0.0/25', map_public_ip_on_launch: false },
      { availability_zone: 'us-east-1b', cidr_block: '10.0.0.128/25', map_public_ip_on_launch: false },
    ]);
    expect(plan.all('aws_route')).toMatchObject([
      { destination_cidr_block: '10.20.0.0/24', transit_gateway_id: 'tgw-0123456789abcdef0' },
      { destination_cidr_block: '10.20.0.0/24', transit_gateway_id: 'tgw-0123456789abcdef0' },
    ]);
  });

  it('has the alarms of the CDK app', () => {
    const ofCdk = allOfCdk('AWS::CloudWatch::Alarm').map((alarm) => ({
      description: (alarm['AlarmDescription'] as string).replace(/task/, 'proxy').replace('No task', 'No proxy'),
      comparison: alarm['ComparisonOperator'],
      threshold: alarm['Threshold'],
      periods: alarm['EvaluationPeriods'],
      missing: alarm['TreatMissingData'] ?? 'missing',
      metric: alarm['MetricName'],
      statistic: alarm['Statistic'],
      period: alarm['Period'] ?? (alarm['Metrics'] as readonly [{ readonly Period: number }])[0].Period,
    }));
    // The query contains the id of the key store, which is unknown before the key store exists.
    const ofTerraform = plan.all('aws_cloudwatch_metric_alarm').map((alarm) => ({
      description: alarm['alarm_description'],
      comparison: alarm['comparison_operator'],
      threshold: alarm['threshold'],
      periods: alarm['evaluation_periods'],
      missing: alarm['treat_missing_data'],
      metric: alarm['metric_name'] ?? undefined,
      statistic: alarm['statistic'] ?? undefined,
      period: alarm['period'] ?? (alarm['metric_query'] as readonly [{ readonly period: number }])[0].period,
    }));
    expect(byDescription(ofTerraform)).toEqual(byDescription(ofCdk));
  });
});

function byDescription<T extends { readonly description: unknown }>(alarms: readonly T[]): T[] {
  return [...alarms].sort((a, b) => String(a.description).localeCompare(String(b.description)));
}
