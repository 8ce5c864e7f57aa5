import { expect, it } from 'vitest';
import { onlyOfCdk, outboundRules, resolved } from './cdkTemplate.ts';
import { SECRET, type ExamplePlan } from './examplePlan.ts';

/** Defines tests of the facts that the examples for Fargate and EC2 share with the CDK app. */
export function describeCommonFacts(plan: ExamplePlan): void {
  it('has the load balancer of the CDK app: internal, TCP 443, across zones', () => {
    const { IpAddressType, Scheme, Type } = onlyOfCdk('AWS::ElasticLoadBalancingV2::LoadBalancer');
    expect([IpAddressType, Scheme, Type]).toEqual(['ipv4', 'internal', 'network']);
    expect(plan.only('aws_lb')).toMatchObject({
      internal: true,
      load_balancer_type: 'network',
      ip_address_type: 'ipv4',
      enable_cross_zone_load_balancing: true,
      enforce_security_group_inbound_rules_on_private_link_traffic: 'off',
    });
    const { Port, Protocol } = onlyOfCdk('AWS::ElasticLoadBalancingV2::Listener');
    expect(plan.only('aws_lb_listener')).toMatchObject({ port: Port, protocol: Protocol });
  });

  it('has the targets of the CDK app, with PROXY protocol v2 and its health checks', () => {
    const targets = onlyOfCdk('AWS::ElasticLoadBalancingV2::TargetGroup');
    const attributes = new Map(
      (targets['TargetGroupAttributes'] as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [
        Key,
        Value,
      ]),
    );
    expect(plan.only('aws_lb_target_group')).toMatchObject({
      // An Auto Scaling group registers instances, not addresses.
      target_type: plan.name === 'fargate' ? targets['TargetType'] : 'instance',
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

  it('has an endpoint service that admits only AWS KMS of the Region', () => {
    const { AllowedPrincipals } = onlyOfCdk('AWS::EC2::VPCEndpointServicePermissions');
    const service = onlyOfCdk('AWS::EC2::VPCEndpointService');
    expect(plan.only('aws_vpc_endpoint_service')).toMatchObject({
      allowed_principals: resolved(AllowedPrincipals),
      acceptance_required: service['AcceptanceRequired'],
      private_dns_name: service['PrivateDnsName'],
      supported_ip_address_types: service['SupportedIpAddressTypes'],
    });
    expect(plan.all('aws_vpc_endpoint_service_private_dns_verification')).toMatchObject([
      { wait_for_verification: true },
    ]);
  });

  it('permits only the connections of the CDK app: load balancer to two proxy ports, and proxy to AWS and the HSMs', () => {
    const rule = ({ from_port, to_port, ip_protocol, cidr_ipv4, prefix_list_id }: Readonly<Record<string, unknown>>) =>
      [ip_protocol, from_port, to_port, cidr_ipv4 ?? prefix_list_id ?? ''].join(' ');
    // Ids of new security groups and endpoints are unknown before they exist, and absent from the plan.
    const isNewVpc = plan.name === 'fargate';
    const awsServices = isNewVpc
      ? ['tcp 443 443 ', 'tcp 443 443 ']
      : ['tcp 443 443 10.0.0.0/16', 'tcp 443 443 pl-63a5400a'];
    const outbound = plan.all('aws_vpc_security_group_egress_rule').map(rule).sort();
    expect(outbound).toEqual(['tcp 1792 1792 10.20.0.0/24', ...awsServices, 'tcp 8443 8443 ', 'tcp 9464 9464 ']);
    if (isNewVpc) expect(outbound).toEqual(outboundRules().sort());
    expect(plan.all('aws_vpc_security_group_ingress_rule').map(rule).sort()).toEqual([
      ...(isNewVpc ? ['tcp 443 443 '] : []),
      'tcp 8443 8443 ',
      'tcp 9464 9464 ',
    ]);
  });

  it('has a KMS key for the external key, with an alias and a policy that lets only its users use it', () => {
    expect(plan.only('aws_kms_custom_key_store')).toMatchObject({
      custom_key_store_type: 'EXTERNAL_KEY_STORE',
      xks_proxy_uri_endpoint: 'https://xks-proxy.example.com',
      xks_proxy_uri_path: '/example/kms/xks/v1',
    });
    expect(plan.only('aws_kms_alias')).toMatchObject({ name: 'alias/payments' });
    const { xks_key_id, policy } = plan.only('aws_kms_key');
    expect(xks_key_id).toBe('foo');
    const { Statement } = JSON.parse(policy as string) as {
      Statement: readonly { Action: readonly string[]; Principal: { AWS: readonly string[] } }[];
    };
    const decrypting = Statement.filter(({ Action }) => Action.includes('kms:Decrypt'));
    expect(decrypting.map(({ Principal }) => Principal.AWS)).toEqual([['arn:aws:iam::111122223333:role/Payments']]);
    expect(JSON.stringify(Statement)).not.toContain('"kms:*"');
  });

  it('contains only one secret, the credential of the key store for KMS', () => {
    const others = plan.resources.filter(({ type }) => type !== 'aws_kms_custom_key_store');
    expect(JSON.stringify(plan.resources)).toContain(SECRET);
    expect(JSON.stringify(others)).not.toMatch(new RegExp(`${SECRET}|PRIVATE KEY`));
  });

  it('cannot be destroyed by mistake', () => {
    const protections = plan.resources.filter(({ address }) => address.endsWith('destroy_protection'));
    expect(protections).toHaveLength(2);
  });
}
