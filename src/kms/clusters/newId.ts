import { randomBytes } from 'node:crypto';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** Returns `prefix`, a hyphen and 11 random characters, which is the form of CloudHSM's ids. */
export function newCloudHsmId(prefix: 'cluster' | 'hsm' | 'backup'): string {
  const characters = Array.from(randomBytes(11), (byte) => LETTERS.charAt(byte % LETTERS.length));
  return `${prefix}-${characters.join('')}`;
}

/** Returns `prefix`, a hyphen and 17 random hexadecimal digits, which is the form of EC2's ids. */
export function newEc2Id(prefix: 'eni' | 'sg'): string {
  return `${prefix}-${randomBytes(9).toString('hex').slice(1)}`;
}
