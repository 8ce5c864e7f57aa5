import { z } from 'zod';

/** An IPv4 range such as 10.0.0.0/24. (KMS Developer Guide, vpc-connectivity.html: all components must use IPv4.) */
export const ipv4Cidr = z.cidrv4('must be an IPv4 range, such as 10.0.0.0/24');

export function cidrsOverlap(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  const bits = 32 - Math.min(a.prefix, b.prefix);
  return Math.floor(a.address / 2 ** bits) === Math.floor(b.address / 2 ** bits);
}

function parse(cidr: string): { readonly address: number; readonly prefix: number } {
  const [address = '', prefix] = cidr.split('/');
  return { address: address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0), prefix: Number(prefix) };
}
