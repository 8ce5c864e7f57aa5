import { randomBytes } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** `prefix`, a hyphen, and 11 random characters, as ids of CloudHSM have them. */
export function newCloudHsmId(prefix: 'cluster' | 'hsm' | 'backup'): string {
  const characters = Array.from(randomBytes(11), (byte) => LETTERS.charAt(byte % LETTERS.length));
  return `${prefix}-${characters.join('')}`;
}

/** `prefix`, a hyphen, and 17 random hexadecimal digits, as ids of EC2 have them. */
export function newEc2Id(prefix: 'eni' | 'sg'): string {
  return `${prefix}-${randomBytes(9).toString('hex').slice(1)}`;
}
