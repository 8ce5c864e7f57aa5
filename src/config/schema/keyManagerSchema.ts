import { z } from 'zod';
import type { ConfigSource } from '../files/configSource.ts';
import { attempt, fileField, hasOneKey, labelField, nameField, secretField, textField, uriError } from './fields.ts';
import { isPkcs11Uri, tokenUriProblem } from './pkcs11Uri.ts';

const LARGEST_SLOT = 2n ** 64n - 1n;

function slotError({ input }: { readonly input?: unknown }): string {
  if (isPkcs11Uri(input)) return tokenUriProblem(input);
  return typeof input === 'number' && input > Number.MAX_SAFE_INTEGER
    ? 'must be in quotes: YAML does not hold a number of this size exactly'
    : 'must be a whole number, or such a number in quotes, decimal or hexadecimal with 0x';
}

/** A CK_SLOT_ID. */
const slotField = z
  .union(
    [
      z.int({ error: slotError }).min(0, { error: slotError }),
      z.string().regex(/^(0[xX][0-9A-Fa-f]{1,16}|[0-9]{1,20})$/, { error: slotError }),
    ],
    { error: slotError },
  )
  .transform(BigInt)
  .refine((slot) => slot <= LARGEST_SLOT, 'must be at most 2^64-1');

/** The values of `calls`, the old name of `isolation`. */
export const ISOLATION_OF_CALLS = { blocking: 'none', threadpool: 'thread' } as const;

export function keyManagerSchema(source: ConfigSource) {
  const token = z
    .strictObject(
      {
        label: textField(tokenUriProblem).min(1).max(32).optional(),
        serial: textField(tokenUriProblem).min(1).max(16).optional(),
        slot: slotField.optional().describe('The slot id'),
      },
      uriError(tokenUriProblem),
    )
    .refine(hasOneKey, {
      error: ({ input }) =>
        `must have exactly one of label, serial, slot; it has ${Object.keys(input as object).join(', ') || 'none'}`,
    })
    .transform((selector) => selector as { label: string } | { serial: string } | { slot: bigint });

  const given = z.strictObject({
    module: fileField
      .transform((path, context) => attempt(context, () => source.resolveModule(path)))
      .describe('The PKCS#11 library of the HSM'),
    initializeParameters: z
      .string()
      .min(1)
      .optional()
      .describe('String that some modules, such as NSS, need in C_Initialize'),
    token,
    pin: secretField(source),
    sessions: z.int().min(1).max(1024).default(8).describe('Number of sessions for operations'),
    isolation: z
      .enum(['none', 'thread'])
      .optional()
      .describe(
        'none (default): the thread that serves requests calls the module, without a time limit; thread: for a network HSM, a separate thread calls the module, and operations run in parallel. All key managers of a module must have the same isolation',
      ),
    calls: z
      .enum(['blocking', 'threadpool'])
      .optional()
      .describe('Old name of isolation: blocking is none, threadpool is thread')
      .meta({ deprecated: true }),
    iv: z
      .enum(['random', 'hsm-in-place', 'hsm-appended'])
      .default('random')
      .describe(
        'random: 12 bytes of C_GenerateRandom XOR 12 bytes of the operating system; hsm-in-place: the HSM writes its own IV over zeros that the proxy passes; hsm-appended: the HSM appends its own IV to the tag',
      ),
    gcmParameters: z
      .enum(['v2.40', 'v2.20'])
      .default('v2.40')
      .describe('v2.40: CK_GCM_PARAMS with ulIvBits; v2.20: without'),
    healthKey: labelField.default('xks-health').describe('Label of the AES-256 key of the deep health check'),
    timeoutMs: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe(
        'Milliseconds that a request may take in this key manager, including waits and a second attempt; with isolation none, a call is not interrupted',
      ),
  });

  const pkcs11 = given
    .refine(({ isolation, calls }) => isolation === undefined || calls === undefined, {
      path: ['calls'],
      error: 'is the old name of isolation, which is set too; remove calls',
    })
    .transform(({ calls = 'blocking', isolation = ISOLATION_OF_CALLS[calls], ...others }) => ({
      ...others,
      isolation,
    }));

  return z.strictObject({ name: nameField, pkcs11 });
}
