import { expect, it } from 'vitest';
import { addressesIn, holds, nextAddress, type Subnet } from '../../../src/kms/clusters/subnet.ts';
import type { Hsm } from '../../../src/kms/state/clusterRecords.ts';

const SUBNET: Subnet = {
  subnetId: 'subnet-00000001',
  vpcId: 'vpc-00000001',
  availabilityZone: 'us-east-1a',
  // Not the first address of the block; EC2 accepts this form too.
  cidrBlock: '10.0.3.7/28',
  availableIpAddressCount: 11,
};

function hsmAt(eniIp: string, subnetId = SUBNET.subnetId): Hsm {
  return {
    hsmId: `hsm-${eniIp}`,
    clusterId: 'cluster-abcdefghij2',
    createTimestamp: 0,
    state: 'ACTIVE',
    availabilityZone: 'us-east-1a',
    subnetId,
    eniId: `eni-${eniIp}`,
    eniIp,
  };
}

it('five addresses of a block are reserved', () => {
  expect([addressesIn('10.0.0.0/24'), addressesIn('10.0.0.0/28'), addressesIn('10.0.0.0/16')]).toEqual([
    251, 11, 65_531,
  ]);
  const usable = Array.from({ length: 17 }, (_, index) => index).filter((host) => holds(SUBNET, `10.0.3.${host}`));
  expect(usable).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(holds(SUBNET, '10.0.4.4')).toBe(false);
});

it('an HSM gets the first free address', () => {
  const hsms = [hsmAt('10.0.3.4'), hsmAt('10.0.3.6'), hsmAt('10.0.3.5', 'subnet-00000002')];
  expect(nextAddress(SUBNET, hsms)).toBe('10.0.3.5');
});
