import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../aws/test/synthesize.ts';
import { describeWithProvider, OFFLINE_PROVIDER, TerraformFolder } from './terraformFolder.ts';

/** A resource that Terraform would make. Values that AWS makes are absent. */
interface Resource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface Module {
  readonly resources?: readonly Resource[];
  readonly child_modules?: readonly Module[];
}

interface CdkResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

// Of the CDK app, with every optional part that the example for Fargate has.
const cdk = Object.values(
  synthesize({
    transitGatewayId: 'tgw-0123456789abcdef0',
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    hostedZoneName: 'example.com',
    alarmEmail: 'operators@example.com',
    customKeyStoreId: 'cks-1234567890abcdef0',
  }).toJSON()['Resources'] as Readonly<Record<string, CdkResource>>,
);

const SECRET = 'A'.repeat(44);

let folder: TerraformFolder;
let examples: { readonly fargate: readonly Resource[]; readonly ec2: readonly Resource[] };

function resourcesOf({ resources = [], child_modules = [] }: Module): readonly Resource[] {
  return [...resources, ...child_modules.flatMap(resourcesOf)];
}

describeWithProvider('the examples', () => {
  beforeAll(async () => {
    const credential = { access_key_id: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', raw_secret_access_key: SECRET };
    const example = (name: string) => ({ source: `./examples/${name}`, credential });
    folder = await TerraformFolder.create({
      provider: { aws: OFFLINE_PROVIDER },
      module: { fargate: example('fargate'), ec2: example('ec2') },
    });
    const plan = (await folder.plan()) as { readonly planned_values: { readonly root_module: Module } };
    const all = resourcesOf(plan.planned_values.root_module);
    const of = (name: string) => all.filter(({ address }) => address.startsWith(`module.${name}.`));
    examples = { fargate: of('fargate'), ec2: of('ec2') };
  });

  afterAll(() => {
    folder.dispose();
  });

  /** The values of all resources of a type. */
  const planned = (example: keyof typeof examples, type: string) =>
    examples[example].filter((resource) => resource.type === type).map(({ values }) => values);
  const fromCdk = (type: string) => cdk.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const onlyOf = <T>([one, ...others]: readonly T[]): T => {
    if (one === undefined || others.length > 0) throw new Error('There is not exactly one.');
    return one;
  };

  describe('Fargate', () => {
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
      expect(fromCdk(cdkType)).not.toEqual([]);
      expect(planned('fargate', type)).toHaveLength(fromCdk(cdkType).length);
    });

    it('lacks nothing else of the CDK app: its other types are parts of these resources', () => {
      // allowed_principals, and the policies in each role.
      const parts = ['AWS::EC2::VPCEndpointServicePermissions', 'AWS::IAM::Policy'];
      const types = new Set(cdk.map(({ Type }) => Type).filter((type) => !parts.includes(type)));
      expect(types.size).toBe(22);
    });

    it('has the containers of the CDK app', () => {
      const { ContainerDefinitions, Cpu, Memory } = onlyOf(fromCdk('AWS::ECS::TaskDefinition'));
      const { container_definitions, cpu, memory } = onlyOf(planned('fargate', 'aws_ecs_task_definition'));
      expect([cpu, memory]).toEqual([Cpu, Memory]);
      expect(withoutTexts(JSON.parse(container_definitions as string))).toEqual(
        withoutTexts(camelCase(resolved(ContainerDefinitions))),
      );
    });

    it('gives the tasks its configuration file', () => {
      const { container_definitions } = onlyOf(planned('fargate', 'aws_ecs_task_definition'));
      const [files] = JSON.parse(container_definitions as string) as [{ environment: unknown }];
      const text = readFileSync(join(folder.path, 'examples/fargate/config.yaml'), 'utf8');
      expect(files.environment).toEqual([{ name: 'FILE_0', value: text }]);
    });

    it('runs the service as the CDK app does', () => {
      expect(onlyOf(planned('fargate', 'aws_ecs_service'))).toMatchObject({
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

    it('lets the roles do what the CDK app lets them do', () => {
      const ofCdk = fromCdk('AWS::IAM::Policy').flatMap(({ PolicyDocument }) => permissions(resolved(PolicyDocument)));
      // The log group's ARN is not known before it is made.
      const known = planned('fargate', 'aws_iam_role_policy').filter(({ policy }) => policy !== undefined);
      const ofTerraform = known.flatMap(({ policy }) => permissions(JSON.parse(policy as string)));
      expect(ofTerraform.sort()).toEqual(ofCdk.filter((permission) => !permission.includes('logs:')).sort());
      expect(planned('fargate', 'aws_iam_role_policy')).toHaveLength(known.length + 1);
    });

    it('reads nothing from S3 but what the CDK app reads', () => {
      const gateway = (values: Readonly<Record<string, unknown>>) =>
        (values['vpc_endpoint_type'] ?? values['VpcEndpointType']) === 'Gateway';
      const { PolicyDocument } = onlyOf(fromCdk('AWS::EC2::VPCEndpoint').filter(gateway));
      const { policy } = onlyOf(planned('fargate', 'aws_vpc_endpoint').filter(gateway));
      expect(permissions(JSON.parse(policy as string))).toEqual(permissions(resolved(PolicyDocument)));
    });

    it('has endpoints of the same services', () => {
      const names = fromCdk('AWS::EC2::VPCEndpoint').map(({ ServiceName }) => resolved(ServiceName));
      expect(
        planned('fargate', 'aws_vpc_endpoint')
          .map(({ service_name }) => service_name)
          .sort(),
      ).toEqual(names.sort());
    });

    it('keeps the log for as long', () => {
      const { RetentionInDays } = onlyOf(fromCdk('AWS::Logs::LogGroup'));
      expect(onlyOf(planned('fargate', 'aws_cloudwatch_log_group'))).toMatchObject({
        retention_in_days: RetentionInDays,
        skip_destroy: true,
      });
    });

    it('has two private subnets in two zones, with routes to the HSMs', () => {
      expect(planned('fargate', 'aws_subnet')).toMatchObject([
        { availability_zone: 'us-east-1a', cidr_block: '10.0.0.0/25', map_public_ip_on_launch: false },
        { availability_zone: 'us-east-1b', cidr_block: '10.0.0.128/25', map_public_ip_on_launch: false },
      ]);
      expect(planned('fargate', 'aws_route')).toMatchObject([
        { destination_cidr_block: '10.20.0.0/24', transit_gateway_id: 'tgw-0123456789abcdef0' },
        { destination_cidr_block: '10.20.0.0/24', transit_gateway_id: 'tgw-0123456789abcdef0' },
      ]);
    });

    it('has the alarms of the CDK app', () => {
      const ofCdk = fromCdk('AWS::CloudWatch::Alarm').map((alarm) => ({
        description: (alarm['AlarmDescription'] as string).replace(/task/, 'proxy').replace('No task', 'No proxy'),
        comparison: alarm['ComparisonOperator'],
        threshold: alarm['Threshold'],
        periods: alarm['EvaluationPeriods'],
        missing: alarm['TreatMissingData'] ?? 'missing',
        metric: alarm['MetricName'],
        statistic: alarm['Statistic'],
        period: alarm['Period'] ?? (alarm['Metrics'] as readonly [{ readonly Period: number }])[0].Period,
      }));
      // The query has the id of the key store, which is not known before it is made.
      const ofTerraform = planned('fargate', 'aws_cloudwatch_metric_alarm').map((alarm) => ({
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

  describe.each(['fargate', 'ec2'] as const)('%s', (example) => {
    it('has the load balancer of the CDK app: internal, TCP 443, across zones', () => {
      const { IpAddressType, Scheme, Type } = onlyOf(fromCdk('AWS::ElasticLoadBalancingV2::LoadBalancer'));
      expect([IpAddressType, Scheme, Type]).toEqual(['ipv4', 'internal', 'network']);
      expect(onlyOf(planned(example, 'aws_lb'))).toMatchObject({
        internal: true,
        load_balancer_type: 'network',
        ip_address_type: 'ipv4',
        enable_cross_zone_load_balancing: true,
        enforce_security_group_inbound_rules_on_private_link_traffic: 'off',
      });
      const { Port, Protocol } = onlyOf(fromCdk('AWS::ElasticLoadBalancingV2::Listener'));
      expect(onlyOf(planned(example, 'aws_lb_listener'))).toMatchObject({ port: Port, protocol: Protocol });
    });

    it('has the targets of the CDK app, with PROXY protocol v2 and its health checks', () => {
      const targets = onlyOf(fromCdk('AWS::ElasticLoadBalancingV2::TargetGroup'));
      const attributes = new Map(
        (targets['TargetGroupAttributes'] as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [
          Key,
          Value,
        ]),
      );
      expect(onlyOf(planned(example, 'aws_lb_target_group'))).toMatchObject({
        // An Auto Scaling group registers no addresses.
        target_type: example === 'fargate' ? targets['TargetType'] : 'instance',
        port: targets['Port'],
        protocol: targets['Protocol'],
        proxy_protocol_v2: attributes.get('proxy_protocol_v2.enabled') === 'true',
        preserve_client_ip: attributes.get('preserve_client_ip.enabled'),
        deregistration_delay: attributes.get('deregistration_delay.timeout_seconds'),
        connection_termination: attributes.get('deregistration_delay.connection_termination.enabled') === 'true',
        health_check: [
          {
            protocol: targets['HealthCheckProtocol'],
            port: targets['HealthCheckPort'],
            path: targets['HealthCheckPath'],
            matcher: (targets['Matcher'] as { HttpCode: string }).HttpCode,
            interval: targets['HealthCheckIntervalSeconds'],
            timeout: targets['HealthCheckTimeoutSeconds'],
            healthy_threshold: targets['HealthyThresholdCount'],
            unhealthy_threshold: targets['UnhealthyThresholdCount'],
          },
        ],
      });
    });

    it('has an endpoint service that admits AWS KMS of the Region and nobody else', () => {
      const { AllowedPrincipals } = onlyOf(fromCdk('AWS::EC2::VPCEndpointServicePermissions'));
      const service = onlyOf(fromCdk('AWS::EC2::VPCEndpointService'));
      expect(onlyOf(planned(example, 'aws_vpc_endpoint_service'))).toMatchObject({
        allowed_principals: resolved(AllowedPrincipals),
        acceptance_required: service['AcceptanceRequired'],
        private_dns_name: service['PrivateDnsName'],
        supported_ip_address_types: service['SupportedIpAddressTypes'],
      });
      expect(planned(example, 'aws_vpc_endpoint_service_private_dns_verification')).toMatchObject([
        { wait_for_verification: true },
      ]);
    });

    it('has the rules of the CDK app: the load balancer to two ports, the proxy to AWS and the HSMs, and nothing else', () => {
      const rule = ({ from_port, to_port, ip_protocol, cidr_ipv4 }: Resource['values']) =>
        `${String(ip_protocol)} ${String(from_port)} ${String(to_port)} ${String(cidr_ipv4)}`;
      expect(planned(example, 'aws_vpc_security_group_egress_rule').map(rule).sort()).toEqual([
        'tcp 1792 1792 10.20.0.0/24',
        'tcp 443 443 0.0.0.0/0',
        'tcp 8443 8443 null',
        'tcp 9464 9464 null',
      ]);
      const toEndpoints = example === 'fargate' ? ['tcp 443 443 null'] : [];
      expect(planned(example, 'aws_vpc_security_group_ingress_rule').map(rule).sort()).toEqual([
        ...toEndpoints,
        'tcp 8443 8443 null',
        'tcp 9464 9464 null',
      ]);
    });

    it('has a key over the external key, with its alias and a policy that gives its use to its users alone', () => {
      expect(onlyOf(planned(example, 'aws_kms_custom_key_store'))).toMatchObject({
        custom_key_store_type: 'EXTERNAL_KEY_STORE',
        xks_proxy_uri_endpoint: 'https://xks-proxy.example.com',
        xks_proxy_uri_path: '/example/kms/xks/v1',
      });
      expect(onlyOf(planned(example, 'aws_kms_alias'))).toMatchObject({ name: 'alias/payments' });
      const { xks_key_id, policy } = onlyOf(planned(example, 'aws_kms_key'));
      expect(xks_key_id).toBe('foo');
      const { Statement } = JSON.parse(policy as string) as {
        Statement: readonly { Action: readonly string[]; Principal: { AWS: readonly string[] } }[];
      };
      const decrypting = Statement.filter(({ Action }) => Action.includes('kms:Decrypt'));
      expect(decrypting.map(({ Principal }) => Principal.AWS)).toEqual([['arn:aws:iam::111122223333:role/Payments']]);
      expect(JSON.stringify(Statement)).not.toContain('"kms:*"');
    });

    it('has no secret but the credential of the key store, for KMS', () => {
      const others = examples[example].filter(({ type }) => type !== 'aws_kms_custom_key_store');
      expect(JSON.stringify(examples[example])).toContain(SECRET);
      expect(JSON.stringify(others)).not.toMatch(new RegExp(`${SECRET}|PRIVATE KEY`));
    });

    it('cannot be destroyed by mistake', () => {
      const protections = examples[example].filter(({ address }) => address.endsWith('destroy_protection'));
      expect(protections).toHaveLength(2);
    });
  });

  describe('EC2', () => {
    it('keeps fleetSize instances, and replaces one after the other', () => {
      expect(onlyOf(planned('ec2', 'aws_autoscaling_group'))).toMatchObject({
        min_size: 2,
        max_size: 2,
        desired_capacity: 2,
        wait_for_elb_capacity: 2,
        health_check_type: 'ELB',
        vpc_zone_identifier: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        instance_refresh: [
          { strategy: 'Rolling', preferences: [{ min_healthy_percentage: 100, auto_rollback: true }] },
        ],
      });
    });

    it('has encrypted volumes, and metadata for the instance itself alone', () => {
      expect(onlyOf(planned('ec2', 'aws_launch_template'))).toMatchObject({
        metadata_options: [{ http_tokens: 'required', http_put_response_hop_limit: 1 }],
        block_device_mappings: [{ ebs: [{ encrypted: 'true', delete_on_termination: 'true' }] }],
        private_dns_name_options: [{ hostname_type: 'resource-name' }],
      });
    });

    it('lets an instance read the two secrets and the package, and nothing else', () => {
      const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/${name}-AbCdEf`;
      const granted = planned('ec2', 'aws_iam_role_policy').flatMap(({ policy }) =>
        permissions(JSON.parse(policy as string)),
      );
      expect(granted.sort()).toEqual([
        's3:GetObject arn:aws:s3:::example-packages/xks-proxy_1.0.0_amd64.deb',
        ...['secrets', 'tls'].map((name) => `secretsmanager:DescribeSecret ${secret(name)}`),
        ...['secrets', 'tls'].map((name) => `secretsmanager:GetSecretValue ${secret(name)}`),
      ]);
    });

    describe('the user data', () => {
      const userData = () => {
        const { user_data } = onlyOf(planned('ec2', 'aws_launch_template'));
        return gunzipSync(Buffer.from(user_data as string, 'base64')).toString();
      };
      /** Its text between `cat >FILE` or `base64 --decode >'FILE'` and END. */
      const written = (file: string) => {
        const [, text = ''] = new RegExp(`>'?${file}'? <<'END'\\n([^]*?)END\\n`).exec(userData()) ?? [];
        return text;
      };

      it('is a shell script', () => {
        expect(spawnSync('sh', ['-n'], { input: userData(), encoding: 'utf8' })).toMatchObject({
          status: 0,
          stderr: '',
        });
      });

      it('installs the package with the given checksum alone', () => {
        expect(userData()).toContain("aws s3 cp --only-show-errors 's3://example-packages/xks-proxy_1.0.0_amd64.deb'");
        expect(userData()).toMatch(
          /echo '0{64} {2}\/run\/xks-proxy.deb' \| sha256sum --check --quiet\n.*dpkg --install/,
        );
      });

      it('writes the configuration and the script', () => {
        const decoded = (file: string) => Buffer.from(written(file), 'base64').toString();
        expect(decoded('/etc/xks-proxy/config.yaml')).toBe(
          readFileSync(join(folder.path, 'examples/ec2/config.yaml'), 'utf8'),
        );
        expect(decoded('/usr/local/sbin/xks-proxy-secrets')).toBe(
          readFileSync(join(folder.path, 'proxy/fetch-secrets.sh'), 'utf8'),
        );
      });

      it('names every secret of the configuration and both TLS files to the script, and has none of them', () => {
        expect(written('/etc/systemd/system/xks-proxy-secrets.service')).toMatch(
          / \/run\/xks-proxy-secrets arn:\S+secrets-AbCdEf arn:\S+tls-AbCdEf server.crt server.key XKS_AUDIT_KEY XKS_HSM_PIN XKS_EXAMPLE_SECRET\n/,
        );
      });

      const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
      it.skipIf(!hasSystemd)('has units that systemd takes', () => {
        const units = ['xks-proxy-secrets.service', 'xks-proxy-secrets.timer'].map((name) => {
          const file = join(folder.path, name);
          const program = written(`/etc/systemd/system/${name}`).replace(
            '/usr/local/sbin/xks-proxy-secrets',
            '/bin/true',
          );
          writeFileSync(file, program);
          return file;
        });
        const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
        expect({ status, problems: stderr.split('\n').filter((line) => line.includes(folder.path)) }).toEqual({
          status: 0,
          problems: [],
        });
      });
    });
  });
});

/** A value of the template, as it is in us-east-1. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) return join[1].map(resolved).join(join[0]);
  const known: Readonly<Record<string, string>> = {
    'AWS::Region': 'us-east-1',
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (Ref !== undefined) return known[Ref] ?? Ref;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, resolved(child)]));
}

/** CloudFormation's names of the ECS API, as the API has them. */
function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key.charAt(0).toLowerCase() + key.slice(1), camelCase(child)]),
  );
}

/** Containers without the text of the configuration and the name of the log group, in which the two differ; with secrets by name. */
function withoutTexts(containers: unknown): unknown {
  return JSON.parse(JSON.stringify(containers), (key, value: unknown) => {
    if (key === 'environment') return (value as readonly { readonly name: string }[]).map(({ name }) => name);
    if (key === 'secrets')
      return [...(value as readonly { readonly name: string }[])].sort((a, b) => a.name.localeCompare(b.name));
    return key === 'awslogs-group' ? undefined : value;
  });
}

/** Each action with each resource. */
function permissions(policy: unknown): string[] {
  const { Statement } = policy as { Statement: readonly { Action: string | string[]; Resource: string | string[] }[] };
  return Statement.flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${JSON.stringify(resource)}`)),
  ).map((permission) => permission.replaceAll('"', ''));
}

function byDescription<T extends { readonly description: unknown }>(alarms: readonly T[]): T[] {
  return [...alarms].sort((a, b) => String(a.description).localeCompare(String(b.description)));
}
