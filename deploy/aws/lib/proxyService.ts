import { Duration } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { LoadBalancer } from './loadBalancer.ts';
import type { Network } from './network.ts';
import type { ProxyConfig } from './proxyConfig.ts';
import type { ProxyTask } from './proxyTask.ts';

/** The ECS service: keeps the number of tasks, spread over the Availability Zones. */
export class ProxyService extends Construct {
  readonly service: ecs.FargateService;

  constructor(
    scope: Construct,
    id: string,
    props: { network: Network; loadBalancer: LoadBalancer; task: ProxyTask; config: ProxyConfig },
  ) {
    super(scope, id);
    const { network, loadBalancer, task, config } = props;
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: new ecs.Cluster(this, 'Cluster', { vpc: network.vpc }),
      taskDefinition: task.definition,
      desiredCount: config.fleetSize,
      vpcSubnets: network.subnets,
      securityGroups: [network.taskSecurityGroup],
      assignPublicIp: false,
      // ECS Developer Guide, service-rebalancing.html
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      // A new task must be healthy before an old one is stopped. A deployment whose tasks do not become healthy is
      // rolled back.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.seconds(120),
      // Prevents a shell in a container whose memory contains plaintexts.
      enableExecuteCommand: false,
    });
    loadBalancer.targetGroup.addTarget(
      this.service.loadBalancerTarget({ containerName: 'xks-proxy', containerPort: config.port }),
    );
    // The first tasks need the VPC endpoints, routes and permissions.
    this.service.node.addDependency(network, task);
  }
}
