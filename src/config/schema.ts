import { z } from 'zod';
import { ACCESS_KEY_ID_PATTERN, SECRET_ACCESS_KEY_PATTERN } from '../sigv4/credential.ts';
import { MAX_URI_CHARACTERS, MAX_URI_PATH_CHARACTERS } from '../xks/limits.ts';
import { keyVersionMetadata } from '../xks/ciphertextMetadata.ts';
import { EXTERNAL_KEY_ID_PATTERN, URI_PATH_PREFIX_PATTERN, xksProxyUriPath } from '../xks/path.ts';
import type { ConfigSource, SecretReference } from './configSource.ts';

/** The whole configuration: defaults filled in, file names absolute, secrets read, frozen. */
export type Config = z.output<ReturnType<typeof configSchema>>;

/** A key in the token, and the metadata that names it; empty for a key without versions. */
interface KeyVersion {
  readonly label: string;
  readonly decryptOnly: boolean;
  readonly ciphertextMetadata: Buffer;
}

/** Names of key stores and key managers. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The configuration file's type and rules; defaults exist only here. What the file refers to is read through `source`
 * while it is parsed, so that a missing file is reported beside a misspelt key.
 */
export function configSchema(source: ConfigSource) {
  const name = z.string().regex(NAME_PATTERN, 'must be 1 to 64 characters of A-Za-z0-9._-');
  const file = z.string('must be the name of a file').min(1, 'must be the name of a file');

  const secret = z
    .strictObject(
      {
        file: file.optional().describe('A file that holds the secret, which not everyone may read'),
        env: z.string().min(1).optional().describe('An environment variable that holds the secret'),
      },
      'must be a reference, {file: ...} or {env: ...}: a secret is never written into the configuration',
    )
    .refine(hasOneKey, 'must have exactly one of file, env')
    .transform((reference, context) => attempt(context, () => source.readSecret(reference as SecretReference)));

  const tls = z
    .strictObject({
      certificateFile: file.describe('PEM: the server certificate, then its chain'),
      privateKeyFile: file.describe('PEM'),
    })
    .transform((files, context) => attempt(context, () => source.readTls(files)));

  const server = z
    .strictObject({
      host: z.string().min(1).default('0.0.0.0'),
      port: z.int().min(0).max(65535).default(8443).describe('0: one that the system gives'),
      regions: z
        .array(z.string().regex(/^[a-z]{2,}(-[a-z0-9]+)+$/, 'must be an AWS Region, such as us-east-1'))
        .min(1, 'must name at least one AWS Region')
        .describe('Regions accepted in the SigV4 credential scope'),
      insecureHttp: z.boolean().default(false).describe('Plain HTTP: true only for local tests without tls'),
      tls: tls.optional(),
      workers: z.literal(1, 'must be 1 in this version').default(1).describe('Processes'),
      fleetSize: z.int().min(1).default(1).describe('Proxies behind the load balancer, reported as xksProxyFleetSize'),
      drainSeconds: z.int().min(0).max(300).default(20).describe('Time that running requests have after SIGTERM'),
    })
    .refine(({ insecureHttp, tls }) => insecureHttp || tls !== undefined, {
      path: ['tls'],
      error: 'is missing: give certificateFile and privateKeyFile (insecureHttp: true is for local tests only)',
    })
    .refine(({ insecureHttp, tls }) => !insecureHttp || tls === undefined, {
      path: ['insecureHttp'],
      error: 'is true beside tls; leave one of them out',
    });

  const token = z
    .strictObject({
      label: z.string().min(1).max(32).optional(),
      serial: z.string().min(1).max(16).optional(),
      slot: z.int().min(0).optional().describe('The slot id'),
    })
    .refine(hasOneKey, {
      error: ({ input }) =>
        `must have exactly one of label, serial, slot; it has ${Object.keys(input as object).join(', ') || 'none'}`,
    })
    .transform((selector) => selector as { label: string } | { serial: string } | { slot: number });

  const pkcs11 = z.strictObject({
    module: file
      .transform((path, context) => attempt(context, () => source.resolveModule(path)))
      .describe('The PKCS#11 library of the HSM'),
    initializeParameters: z
      .string()
      .min(1)
      .optional()
      .describe('Text that the module wants in C_Initialize, as NSS does'),
    token,
    pin: secret,
    sessions: z.int().min(1).max(1024).default(8).describe('Sessions that operations share'),
    calls: z
      .enum(['blocking', 'threadpool'])
      .default('blocking')
      .describe(
        'blocking: for a module that works in this process, no time limit is possible; threadpool: for a network HSM, encryptions and decryptions run beside the rest, which blocks: logins, look-ups and random numbers',
      ),
    iv: z
      .enum(['random', 'hsm-in-place', 'hsm-appended'])
      .default('random')
      .describe(
        'random: 12 bytes of C_GenerateRandom; hsm-in-place: the HSM writes its own over the zeros that it is given; hsm-appended: its own follows the tag',
      ),
    gcmParameters: z
      .enum(['v2.40', 'v2.20'])
      .default('v2.40')
      .describe('v2.40: CK_GCM_PARAMS with ulIvBits; v2.20: without'),
    healthKey: z.string().min(1).default('xks-health').describe('Label of the AES-256 key of the deep health check'),
    timeoutMs: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe(
        'Milliseconds for an operation, its waits and a second attempt included; a blocking call is not interrupted',
      ),
  });

  const credential = z.strictObject({
    accessKeyId: z.string().regex(ACCESS_KEY_ID_PATTERN, 'must be 20 to 30 characters of A-Z2-7'),
    secretAccessKey: secret.refine((value) => SECRET_ACCESS_KEY_PATTERN.test(value.reveal()), {
      error: 'must hold 43 to 64 characters of A-Za-z0-9/+=',
    }),
  });

  const label = z.string().min(1).max(255);
  const key = z
    .strictObject({
      id: z
        .string()
        .regex(EXTERNAL_KEY_ID_PATTERN, 'must be 1 to 128 characters of A-Za-z0-9-_. and no dot segment')
        .describe('The externalKeyId'),
      label: label.optional().describe('CKA_LABEL of the key; the id if left out'),
      versions: z
        .array(
          z.strictObject({
            label,
            decryptOnly: z.boolean().default(false).describe('true until every proxy knows this version'),
          }),
        )
        .min(1, 'must have at least one version')
        .refine((versions) => new Set(versions.map((version) => version.label)).size === versions.length, {
          error: 'must not have the same label twice',
        })
        .refine((versions) => versions.some(({ decryptOnly }) => !decryptOnly), 'must have one that encrypts')
        .optional()
        .describe('Instead of label, oldest first: the last one encrypts, unless it is decryptOnly; all decrypt'),
      status: z.enum(['enabled', 'blocked']).default('enabled').describe('blocked: every request for it is refused'),
    })
    .refine(
      (given) => given.label === undefined || given.versions === undefined,
      'must not have both label and versions',
    )
    .transform(({ id, label = id, versions = [], status }) => {
      const named = versions.map((version) => ({ ...version, ciphertextMetadata: keyVersionMetadata(version.label) }));
      const only = { label, decryptOnly: false, ciphertextMetadata: Buffer.alloc(0) };
      const [oldest = only, ...newer] = named;
      return { id, versions: [oldest, ...newer] as [KeyVersion, ...KeyVersion[]], status };
    });

  const keyStore = z
    .strictObject({
      name,
      uriPathPrefix: z
        .string()
        .regex(URI_PATH_PREFIX_PATTERN, 'must be empty, or segments of A-Za-z0-9_- that each begin with a slash')
        .refine((prefix) => xksProxyUriPath(prefix).length <= MAX_URI_PATH_CHARACTERS, {
          error: `must leave <prefix>/kms/xks/v1 at most ${MAX_URI_PATH_CHARACTERS} characters`,
        }),
      keyManagers: z
        .array(name)
        .min(1, 'must name at least one key manager')
        .max(10, 'must name at most ten key managers')
        .describe('In order of preference: the next one serves when one fails'),
      credentials: z.array(credential).default([]).describe('Two or more may be in use at once, for rotation'),
      keys: z.array(key).default([]),
      decryptAlso: z
        .enum(['aws-sample-proxy'])
        .optional()
        .describe("Also opens ciphertexts that AWS's sample proxy made, for migration"),
    })
    .superRefine(({ uriPathPrefix, keys }, context) => {
      for (const [index, { id }] of keys.entries()) {
        const path = `${xksProxyUriPath(uriPathPrefix)}/keys/${id}/metadata`;
        if (path.length <= MAX_URI_CHARACTERS) continue;
        const message = `is too long for this uriPathPrefix: its URIs would have more than ${MAX_URI_CHARACTERS} characters`;
        context.addIssue({ code: 'custom', path: ['keys', index, 'id'], message });
      }
    });

  const log = z.strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  });

  const root = {
    server,
    log: log.prefault({}),
    keyManagers: z.array(z.strictObject({ name, pkcs11 })).min(1, 'must have at least one key manager'),
    keyStores: z.array(keyStore).min(1, 'must have at least one key store: xks-proxy keystore create makes one'),
  };
  return z.strictObject(root, `must be a map of ${Object.keys(root).join(', ')}`);
}

function hasOneKey(given: object): boolean {
  return Object.keys(given).length === 1;
}

/** The result of `read`; a failure becomes an issue of the key that is being parsed. */
function attempt<T>(context: z.RefinementCtx, read: () => T): T {
  try {
    return read();
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
}
