import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { EndpointService } from './endpointService.ts';
import { KeyStoreAlarms } from './keyStoreAlarms.ts';
import { LoadBalancer } from './loadBalancer.ts';
import { Network } from './network.ts';
import type { ProxyConfig } from './proxyConfig.ts';
import { ProxyService } from './proxyService.ts';
import { ProxyTask } from './proxyTask.ts';
import type { Settings } from './settings.ts';

export interface XksProxyStackProps extends StackProps {
  readonly settings: Settings;
  readonly proxyConfig: ProxyConfig;
}

/**
 * All resources that AWS requires for an XKS proxy behind a VPC endpoint service: KMS Developer Guide,
 * vpc-connectivity.html.
 */
export class XksProxyStack extends Stack {
  constructor(scope: Construct, id: string, { settings, proxyConfig, ...props }: XksProxyStackProps) {
    super(scope, id, props);
    const { privateDnsName, customKeyStoreId, certificateName = privateDnsName } = settings;

    const network = new Network(this, 'Network', settings);
    const loadBalancer = new LoadBalancer(this, 'LoadBalancer', network, proxyConfig);
    const task = new ProxyTask(this, 'Task', settings, proxyConfig);
    const { service } = new ProxyService(this, 'Proxy', { network, loadBalancer, task, config: proxyConfig });
    const endpointService = new EndpointService(this, 'EndpointService', settings, loadBalancer);
    const alarms = new Alarms(this, 'Alarms', { loadBalancer, email: settings.alarmEmail });
    if (customKeyStoreId !== undefined)
      new KeyStoreAlarms(this, 'KeyStoreAlarms', { alarms, customKeyStoreId, certificateName });

    this.#output('XksProxyUriEndpoint', `https://${privateDnsName}`);
    this.#output('XksProxyVpcEndpointServiceName', endpointService.serviceName);
    this.#output('EndpointServiceId', endpointService.serviceId);
    this.#output('DomainVerificationName', endpointService.verificationName);
    this.#output('DomainVerificationValue', endpointService.verificationValue);
    this.#output('ClusterName', service.cluster.clusterName);
    this.#output('ServiceName', service.serviceName);
    this.#output('LogGroupName', task.logGroup.logGroupName);
    this.#output('LoadBalancerSecurityGroupId', loadBalancer.securityGroup.securityGroupId);
    this.#output('AlarmTopicArn', alarms.topic.topicArn);
  }

  #output(name: string, value: string): void {
    new CfnOutput(this, name, { value });
  }
}
