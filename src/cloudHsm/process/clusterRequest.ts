import { z } from 'zod';
import { IV_BYTES, TAG_BYTES } from '../../xks/limits.ts';
import type { ClusterCalls } from '../clusterCalls.ts';

// KMS encrypts up to 4,096 bytes, and its encryption context has up to 8,192.
const base64 = z.base64().max(16_384);
const id = z.string().regex(/^([0-9a-f]{2}){1,64}$/);
const password = z.string().max(255);
const credentials = z.strictObject({
  username: z.string().max(255),
  role: z.enum(['admin', 'crypto-user']),
  password,
});

const ARGUMENTS = {
  activate: z.strictObject({ password }),
  login: credentials,
  logout: z.undefined(),
  listUsers: z.undefined(),
  createUser: credentials,
  changePassword: credentials,
  generateKey: z.strictObject({ label: z.string().min(1).max(255), id: id.optional() }),
  generateRandom: z.strictObject({ length: z.int().min(1).max(1_024) }),
  listKeys: z.undefined(),
  deleteKey: z.strictObject({ id }),
  keyExists: z.strictObject({ id }),
  encrypt: z.strictObject({ id, plaintext: base64, aad: base64 }),
  decrypt: z.strictObject({ id, ciphertext: base64, iv: ofBytes(IV_BYTES), tag: ofBytes([TAG_BYTES]), aad: base64 }),
} satisfies Record<keyof ClusterCalls, z.ZodType>;

const NAMES = Object.keys(ARGUMENTS) as (keyof ClusterCalls)[];
const schema = z.strictObject({
  call: z.int().positive(),
  name: z.enum(NAMES),
  argument: z.unknown().optional(),
});

/** The fault in a client's message. */
export interface RequestFault {
  /** The number of the call, or undefined if the message is not a call. */
  readonly call: number | undefined;
  /** Does not contain the client's data. */
  readonly reason: string;
}

/** Returns undefined if the message is a call that a cluster answers. */
export function findFault(message: unknown): RequestFault | undefined {
  const request = schema.safeParse(message);
  if (!request.success) {
    return {
      call: undefined,
      reason: `A call has a number, call; a name, one of ${NAMES.join(', ')}; and its argument.`,
    };
  }
  const { call, name, argument } = request.data;
  const parsed = ARGUMENTS[name].safeParse(argument);
  if (parsed.success) return undefined;
  const members = new Set(parsed.error.issues.map(({ path, code }) => (path.length > 0 ? String(path[0]) : code)));
  return { call, reason: `The argument of ${name} is not valid: ${[...members].join(', ')}.` };
}

function ofBytes(lengths: readonly number[]) {
  return base64.refine((text) => lengths.includes(Buffer.from(text, 'base64').length));
}
