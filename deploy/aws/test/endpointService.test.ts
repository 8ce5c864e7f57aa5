import { describe, it } from 'vitest';
import { idOf, synthesize } from './synthesize.ts';

const template = synthesize({ hostedZoneId: 'Z0123456789ABCDEFGHIJ', hostedZoneName: 'example.com' });
const service = idOf(template, 'AWS::EC2::VPCEndpointService');
const verification = (part: string) => ({ 'Fn::GetAtt': [service, `PrivateDnsNameConfiguration.${part}`] });

describe('the endpoint service', () => {
  it('requires no acceptance', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpointService', { AcceptanceRequired: false });
  });

  it('forwards to the load balancer, over IPv4', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpointService', {
      NetworkLoadBalancerArns: [{ Ref: idOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer') }],
      SupportedIpAddressTypes: ['ipv4'],
    });
  });

  it('admits AWS KMS of this Region and no one else', () => {
    template.resourceCountIs('AWS::EC2::VPCEndpointServicePermissions', 1);
    template.hasResourceProperties('AWS::EC2::VPCEndpointServicePermissions', {
      ServiceId: { 'Fn::GetAtt': [service, 'ServiceId'] },
      AllowedPrincipals: [{ 'Fn::Join': ['', ['cks.kms.', { Ref: 'AWS::Region' }, '.amazonaws.com']] }],
    });
  });

  it('has the private DNS name', () => {
    template.hasResourceProperties('AWS::EC2::VPCEndpointService', { PrivateDnsName: 'xks-proxy.example.com' });
  });
});

describe('the domain is verified', () => {
  it('by a TXT record in the hosted zone, if there is one', () => {
    template.hasResourceProperties('AWS::Route53::RecordSet', {
      HostedZoneId: 'Z0123456789ABCDEFGHIJ',
      Type: 'TXT',
      Name: { 'Fn::Join': ['', [verification('Name'), '.example.com.']] },
      ResourceRecords: [{ 'Fn::Join': ['', ['"', verification('Value'), '"']] }],
    });
  });

  it('otherwise by a TXT record that the outputs name', () => {
    const elsewhere = synthesize();
    elsewhere.resourceCountIs('AWS::Route53::RecordSet', 0);
    elsewhere.hasOutput('DomainVerificationName', { Value: verification('Name') });
    elsewhere.hasOutput('DomainVerificationValue', { Value: verification('Value') });
  });
});

it('the outputs have the values that KMS asks for', () => {
  template.hasOutput('XksProxyUriEndpoint', { Value: 'https://xks-proxy.example.com' });
  template.hasOutput('XksProxyVpcEndpointServiceName', {
    Value: {
      'Fn::Join': ['', ['com.amazonaws.vpce.', { Ref: 'AWS::Region' }, '.', { 'Fn::GetAtt': [service, 'ServiceId'] }]],
    },
  });
});
