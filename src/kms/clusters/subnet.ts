import { BlockList } from 'node:net';
import type { Hsm } from '../state/clusterRecords.ts';

/** A private subnet of the configuration, in EC2's terms. Source: EC2 API, Subnet. */
export interface Subnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  /** IPv4, such as `10.0.1.0/24`. */
  readonly cidrBlock: string;
  /** Number of free addresses when no cluster has an HSM in the subnet. */
  readonly availableIpAddressCount: number;
}

// VPC User Guide, "Subnet sizing": AWS reserves the first four addresses and the last one.
const FIRST_RESERVED = 4;
const LAST_RESERVED = 1;

/** Returns how many usable addresses an empty subnet has. */
export function addressesIn(cidrBlock: string): number {
  const [, bits = ''] = cidrBlock.split('/');
  return 2 ** (32 - Number(bits)) - FIRST_RESERVED - LAST_RESERVED;
}

/** Returns the first address of the subnet that none of these HSMs has. There must be a free address. */
export function nextAddress({ subnetId, cidrBlock }: Subnet, hsms: readonly Hsm[]): string {
  const taken = new Set(hsms.filter((hsm) => hsm.subnetId === subnetId).map(({ eniIp }) => eniIp));
  for (let offset = FIRST_RESERVED; ; offset++) {
    const address = addressAt(cidrBlock, offset);
    if (!taken.has(address)) return address;
  }
}

/** Whether the subnet contains the address and AWS does not reserve it. */
export function holds({ cidrBlock }: Subnet, address: string): boolean {
  const size = addressesIn(cidrBlock);
  const usable = new BlockList();
  usable.addRange(addressAt(cidrBlock, FIRST_RESERVED), addressAt(cidrBlock, FIRST_RESERVED + size - 1));
  return usable.check(address);
}

function addressAt(cidrBlock: string, offset: number): string {
  const [base = '', bits = ''] = cidrBlock.split('/');
  const given = base.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const number = given - (given % 2 ** (32 - Number(bits))) + offset;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}
