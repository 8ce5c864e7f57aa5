import { dirname } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AUDIT_FOLDER, type ProxyConfig } from './proxyConfig.ts';
import type { Settings } from './settings.ts';
import { WRITE_FILES_SCRIPT } from './writeFilesScript.ts';

/** User id and group id of the proxy in the image. */
const PROXY_ID = 10001;
const CONFIG_FOLDER = '/etc/xks-proxy';
const VOLUME = 'configuration';
const AUDIT_VOLUME = 'audit';

/**
 * A task. Its first container writes the configuration and the TLS files to a volume and exits, then the proxy starts.
 * Fargate provides secrets only as environment variables, and its tmpfs belongs to one container. The volume is on the
 * task's encrypted storage and is deleted with the task.
 */
export class ProxyTask extends Construct {
  readonly definition: ecs.FargateTaskDefinition;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, settings: Settings, config: ProxyConfig) {
    super(scope, id);
    // The log group records which client used which key, so it must outlive the stack.
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THIRTEEN_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      cpu: 2048,
      memoryLimitMiB: 4096,
      // A running task calls no AWS API.
      taskRole: this.#role('TaskRole'),
      // Permissions that Fargate needs before the proxy starts.
      executionRole: this.#role('ExecutionRole'),
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.X86_64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      volumes: [{ name: VOLUME }, ...(config.hasAuditLog ? [{ name: AUDIT_VOLUME }] : [])],
    });
    const files = this.#addFilesContainer(settings, config);
    const proxy = this.#addProxyContainer(settings, config);
    proxy.addContainerDependencies({ container: files, condition: ecs.ContainerDependencyCondition.SUCCESS });
  }

  /** A role that only tasks of this account and Region can get: ECS Developer Guide, task-iam-roles.html. */
  #role(id: string): Role {
    const stack = Stack.of(this);
    return new Role(this, id, {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'ecs', resource: '*' }) },
        },
      }),
    });
  }

  #addFilesContainer(
    settings: Settings,
    { files, certificateFile, privateKeyFile, hasAuditLog }: ProxyConfig,
  ): ecs.ContainerDefinition {
    const folder = '/files';
    const tls = Secret.fromSecretCompleteArn(this, 'TlsSecret', settings.tlsSecretArn);
    const names = Object.keys(files);
    const container = this.definition.addContainer('files', {
      ...this.#common(settings, 'Files'),
      // ECS Developer Guide, bind-mounts.html: root owns the volume. The files get the proxy's group, which may read
      // them.
      user: `0:${PROXY_ID}`,
      essential: false,
      entryPoint: ['node', '--eval', WRITE_FILES_SCRIPT],
      command: [
        ...names.map((name, index) => `${folder}/${name}=FILE_${index}`),
        `${folder}/${certificateFile}=TLS_CERTIFICATE`,
        `${folder}/${privateKeyFile}=TLS_PRIVATE_KEY`,
        ...(hasAuditLog ? [`${AUDIT_FOLDER}/`] : []),
      ],
      environment: Object.fromEntries(Object.values(files).map((text, index) => [`FILE_${index}`, text])),
      secrets: {
        TLS_CERTIFICATE: ecs.Secret.fromSecretsManager(tls, 'certificate'),
        TLS_PRIVATE_KEY: ecs.Secret.fromSecretsManager(tls, 'privateKey'),
      },
    });
    container.addMountPoints({ sourceVolume: VOLUME, containerPath: folder, readOnly: false });
    if (hasAuditLog) this.#mountAuditVolume(container);
    return container;
  }

  #addProxyContainer(settings: Settings, config: ProxyConfig): ecs.ContainerDefinition {
    const secret = Secret.fromSecretCompleteArn(this, 'Secret', settings.secretArn);
    const container = this.definition.addContainer('xks-proxy', {
      ...this.#common(settings, 'Proxy'),
      user: `${PROXY_ID}:${PROXY_ID}`,
      portMappings: [{ containerPort: config.port }, { containerPort: config.monitoringPort }],
      // ECS Developer Guide, secrets-envvar-secrets-manager.html: ECS reads secrets at the start, so a rotation needs new tasks.
      secrets: Object.fromEntries(
        config.secretNames.map((name) => [name, ecs.Secret.fromSecretsManager(secret, name)]),
      ),
      // Time after SIGTERM: drainSeconds, and ten seconds to exit.
      stopTimeout: Duration.seconds(config.drainSeconds + 10),
    });
    container.addMountPoints({ sourceVolume: VOLUME, containerPath: CONFIG_FOLDER, readOnly: true });
    if (config.hasAuditLog) this.#mountAuditVolume(container);
    return container;
  }

  // Root owns this volume too. The first container makes a folder in it, to which the proxy may write.
  #mountAuditVolume(container: ecs.ContainerDefinition): void {
    container.addMountPoints({ sourceVolume: AUDIT_VOLUME, containerPath: dirname(AUDIT_FOLDER), readOnly: false });
  }

  #common({ image }: Settings, name: string) {
    const linuxParameters = new ecs.LinuxParameters(this, `${name}Linux`);
    linuxParameters.dropCapabilities(ecs.Capability.ALL);
    return {
      image: this.#image(image, name),
      readonlyRootFilesystem: true,
      linuxParameters,
      logging: ecs.LogDrivers.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: 'task',
        // ECS API, LogConfiguration: the default drops lines when CloudWatch Logs is slow. None may be lost, because
        // they record all requests.
        mode: ecs.AwsLogDriverMode.BLOCKING,
      }),
    };
  }

  #image(
    { account, region, repository: repositoryName, tagOrDigest }: Settings['image'],
    name: string,
  ): ecs.ContainerImage {
    const repositoryArn = Stack.of(this).formatArn({
      service: 'ecr',
      account,
      region,
      resource: 'repository',
      resourceName: repositoryName,
    });
    const repository = Repository.fromRepositoryAttributes(this, `${name}Image`, { repositoryArn, repositoryName });
    return ecs.ContainerImage.fromEcrRepository(repository, tagOrDigest);
  }
}
