import { describe, expect, it } from 'vitest';
import { cidrsOverlap } from '../lib/cidr.ts';
import { readSettings } from '../lib/settings.ts';
import { givenContext } from './givenContext.ts';

const read = (changes: Readonly<Record<string, unknown>>) => () => readSettings(givenContext(changes));
const existing = { vpcCidr: undefined, vpcId: 'vpc-0a', subnetIds: 'subnet-0a,subnet-0b', availabilityZones: 'a,b' };

describe('the context', () => {
  it.each([
    ['a private DNS name that is no subdomain', { privateDnsName: 'example.com' }, /privateDnsName/],
    ['a private DNS name in capitals', { privateDnsName: 'XKS.example.com' }, /privateDnsName/],
    ['an image from elsewhere', { image: 'docker.io/library/node:24' }, /must be an image of Amazon ECR/],
    ['an image without tag or digest', { image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/x' }, /image/],
    ['a partial ARN', { secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pin' }, /six characters/],
    ['a secret instead of its ARN', { tlsSecretArn: 'the key itself' }, /tlsSecretArn/],
    ['no VPC', { vpcCidr: undefined }, /exactly one of vpcCidr and vpcId/],
    ['two VPCs', { vpcId: 'vpc-0a' }, /exactly one of vpcCidr and vpcId/],
    [
      'a VPC whose addresses overlap with those of the HSM network',
      { vpcCidr: '10.20.0.0/16' },
      /overlaps with 10.20.0.0\/24/,
    ],
    ['one subnet', { ...existing, subnetIds: 'subnet-0a', availabilityZones: 'a' }, /at least two/],
    ['two subnets in one zone', { ...existing, availabilityZones: 'a,a' }, /all different/],
    ['a new VPC without the prefix list of S3', { s3PrefixListId: undefined }, /describe-managed-prefix-lists/],
    ['a prefix list without its id', { s3PrefixListId: 'com.amazonaws.us-east-1.s3' }, /must be an id such as pl-/],
    ['addresses of AWS services for a new VPC', { awsServiceCidrs: '10.0.0.0/24' }, /is for an existing VPC/],
    ['routes for an existing VPC', { ...existing, transitGatewayId: 'tgw-0a' }, /is for a new VPC/],
    ['a hosted zone of another domain', { hostedZoneId: 'Z1', hostedZoneName: 'example.net' }, /parent domain/],
    ['half a hosted zone', { hostedZoneId: 'Z1' }, /needed together/],
    ['IPv6', { hsmCidrs: 'fd00::/8' }, /IPv4/],
  ])('is refused with %s', (_, changes, message) => {
    expect(read(changes)).toThrow(message);
  });

  it('is refused with all problems at once', () => {
    expect(read({ image: 'x', vpcCidr: 'y' })).toThrow(/image[^]*vpcCidr|vpcCidr[^]*image/);
  });

  it('accepts lists in the form of the command line', () => {
    expect(read({ hsmCidrs: '10.1.0.0/16,10.2.0.0/16', hsmPorts: '2223,2225' })()).toMatchObject({
      hsmCidrs: ['10.1.0.0/16', '10.2.0.0/16'],
      hsmPorts: [2223, 2225],
    });
  });
});

it.each([
  ['10.0.0.0/24', '10.0.0.0/24', true],
  ['10.0.0.0/8', '10.20.30.0/24', true],
  ['10.0.0.128/25', '10.0.0.0/25', false],
  ['192.168.0.0/16', '10.0.0.0/8', false],
  ['0.0.0.0/0', '223.255.255.255/32', true],
])('%s and %s overlap: %s', (one, other, expected) => {
  expect(cidrsOverlap(one, other)).toBe(expected);
  expect(cidrsOverlap(other, one)).toBe(expected);
});
