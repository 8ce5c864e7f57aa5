import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readProxyConfig } from '../lib/proxyConfig.ts';
import { CONFIG_FILE } from './givenContext.ts';
import { idOf, synthesize } from './synthesize.ts';

const template = synthesize();

interface Container {
  readonly Name: string;
  readonly Environment?: readonly { readonly Name: string; readonly Value: string }[];
}

interface TargetGroup {
  readonly Properties: { readonly TargetGroupAttributes: readonly { readonly Key: string; readonly Value: string }[] };
}

const task = template.findResources('AWS::ECS::TaskDefinition')[idOf(template, 'AWS::ECS::TaskDefinition')] as {
  Properties: { ContainerDefinitions: readonly Container[] };
};
const [files, proxy] = task.Properties.ContainerDefinitions;

describe('the service', () => {
  it('runs fleetSize tasks on Fargate, spread over both zones, without public addresses', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      LaunchType: 'FARGATE',
      DesiredCount: 2,
      AvailabilityZoneRebalancing: 'ENABLED',
      NetworkConfiguration: {
        AwsvpcConfiguration: {
          AssignPublicIp: 'DISABLED',
          Subnets: Object.keys(template.findResources('AWS::EC2::Subnet')).map((id) => ({ Ref: id })),
        },
      },
    });
  });

  it('starts new tasks before it stops old ones, and rolls a bad deployment back', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: Match.objectLike({
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      }),
    });
  });

  it('registers port 8443 of the proxy with the load balancer', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      LoadBalancers: [Match.objectLike({ ContainerName: 'xks-proxy', ContainerPort: 8443 })],
    });
  });

  it('lets no one open a shell in a task', () => {
    template.hasResourceProperties('AWS::ECS::Service', { EnableExecuteCommand: false });
  });

  it('starts after the endpoints and the permissions that its tasks need', () => {
    const needed = [
      ...Object.keys(template.findResources('AWS::EC2::VPCEndpoint')),
      idOf(template, 'AWS::IAM::Policy', 'ExecutionRole'),
    ];
    template.hasResource('AWS::ECS::Service', { DependsOn: Match.arrayWith(needed.sort()) });
  });
});

describe('a task', () => {
  it.each([
    ['files', files, '0:10001'],
    ['xks-proxy', proxy, '10001:10001'],
  ])('has a container %s with a read-only root and no capabilities', (Name, container, User) => {
    expect(container).toMatchObject({
      Name,
      User,
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
    });
    expect(container).not.toHaveProperty('Privileged');
  });

  it('runs the given image in both containers, by its digest', () => {
    for (const container of [files, proxy]) {
      expect(JSON.stringify(container)).toContain('111122223333.dkr.ecr.us-east-1.');
      expect(JSON.stringify(container)).toContain(`/xks-proxy@sha256:${'0'.repeat(64)}`);
    }
  });

  it('starts the proxy after the files are written, and lets the proxy only read them', () => {
    expect(files).toMatchObject({ Essential: false, MountPoints: [{ ContainerPath: '/files', ReadOnly: false }] });
    expect(proxy).toMatchObject({
      Essential: true,
      DependsOn: [{ ContainerName: 'files', Condition: 'SUCCESS' }],
      MountPoints: [{ ContainerPath: '/etc/xks-proxy', ReadOnly: true }],
    });
  });

  it('has no folder for an audit log if the configuration has none', () => {
    expect(task).toMatchObject({ Properties: { Volumes: [{ Name: 'configuration' }] } });
    for (const container of [files, proxy])
      expect(container).toMatchObject({ MountPoints: [{ SourceVolume: 'configuration' }] });
  });

  it('has a volume for the audit log of the configuration, with one folder to which the proxy may write', () => {
    const audited = synthesize({}, { ...readProxyConfig(CONFIG_FILE), hasAuditLog: true });
    const mounted = (container: string) =>
      Match.objectLike({
        Name: container,
        MountPoints: Match.arrayWith([{ ContainerPath: '/var/lib/xks-proxy', ReadOnly: false, SourceVolume: 'audit' }]),
      });
    audited.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Volumes: [{ Name: 'configuration' }, { Name: 'audit' }],
      ContainerDefinitions: [mounted('files'), mounted('xks-proxy')],
    });
    expect(JSON.stringify(audited.findResources('AWS::ECS::TaskDefinition'))).toContain('"/var/lib/xks-proxy/audit/"');
  });

  it('has the unchanged configuration file', () => {
    expect(files).toMatchObject({ Environment: [{ Name: 'FILE_0', Value: readFileSync(CONFIG_FILE, 'utf8') }] });
    expect(JSON.stringify(files)).toContain('/files/config.yaml=FILE_0');
  });

  it('has the TLS certificate and key from Secrets Manager, under the file names of the configuration', () => {
    const secret = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/tls-AbCdEf';
    expect(files).toMatchObject({
      Command: expect.arrayContaining([
        '/files/server.crt=TLS_CERTIFICATE',
        '/files/server.key=TLS_PRIVATE_KEY',
      ]) as unknown,
      Secrets: [
        { Name: 'TLS_CERTIFICATE', ValueFrom: `${secret}:certificate::` },
        { Name: 'TLS_PRIVATE_KEY', ValueFrom: `${secret}:privateKey::` },
      ],
    });
  });

  it('has every {env} value of the configuration from Secrets Manager', () => {
    const secret = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/secrets-AbCdEf';
    expect(proxy).toMatchObject({
      Secrets: [
        { Name: 'XKS_HSM_PIN', ValueFrom: `${secret}:XKS_HSM_PIN::` },
        { Name: 'XKS_EXAMPLE_SECRET', ValueFrom: `${secret}:XKS_EXAMPLE_SECRET::` },
      ],
    });
  });

  it('has no secret in its definition', () => {
    expect(proxy?.Environment).toBeUndefined();
    expect(files?.Environment?.map(({ Name }) => Name)).toEqual(['FILE_0']);
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  it('is killed 10 s after drainSeconds, and the load balancer waits at least drainSeconds', () => {
    const { server } = parse(readFileSync(CONFIG_FILE, 'utf8')) as { server: { drainSeconds: number } };
    expect(proxy).toMatchObject({ StopTimeout: server.drainSeconds + 10 });
    const [group] = Object.values(template.findResources('AWS::ElasticLoadBalancingV2::TargetGroup')) as [TargetGroup];
    const attributes = new Map(group.Properties.TargetGroupAttributes.map(({ Key, Value }) => [Key, Value]));
    expect(Number(attributes.get('deregistration_delay.timeout_seconds'))).toBeGreaterThanOrEqual(server.drainSeconds);
  });

  it('logs to CloudWatch, blocks instead of losing a line, and keeps its log when the stack is deleted', () => {
    for (const container of [files, proxy]) {
      expect(container).toMatchObject({
        LogConfiguration: {
          LogDriver: 'awslogs',
          Options: { 'awslogs-group': { Ref: idOf(template, 'AWS::Logs::LogGroup') }, mode: 'blocking' },
        },
      });
    }
    template.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 400 }, DeletionPolicy: 'Retain' });
  });
});

describe('the roles', () => {
  it('let a task itself call no AWS API', () => {
    const role = idOf(template, 'AWS::IAM::Role', 'TaskRole');
    expect(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } })).toEqual({});
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent(), Policies: Match.absent() });
  });

  // deploy/terraform/test compares the whole policy with Terraform's.
  it('can be used only for tasks of this account', () => {
    template.resourceCountIs('AWS::IAM::Role', 2);
    template.allResourcesProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
          }),
        ],
      },
    });
  });

  it('let Fargate pull this image, read these two secrets and write this log', () => {
    template.resourceCountIs('AWS::IAM::Policy', 1);
    const secret = (name: string) => ({
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      Resource: `arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/${name}`,
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
            Resource: {
              'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ecr:us-east-1:111122223333:repository/xks-proxy']],
            },
          },
          // This action does not support resources.
          { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
          {
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::Logs::LogGroup'), 'Arn'] },
          },
          secret('tls-AbCdEf'),
          secret('secrets-AbCdEf'),
        ],
      },
    });
  });
});
