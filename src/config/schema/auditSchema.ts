import { hostname } from 'node:os';
import { z } from 'zod';
import { parseAuditKey } from '../../audit/format/auditKey.ts';
import { ORIGIN_PATTERN } from '../../audit/format/logFolder.ts';
import type { ConfigSource } from '../files/configSource.ts';
import { attempt, fileField, secretField } from './fields.ts';

/** `audit`: the destination of records beside the log stream. Shared format: docs/audit.md. */
export function auditSchema(source: ConfigSource) {
  const origin = z
    .union(
      [z.string(), z.strictObject({ env: z.string().min(1) })],
      'must be a string, in which ${HOSTNAME} stands for the name of this host, or {env: ...}',
    )
    .transform((given, context) =>
      attempt(context, () => (typeof given === 'string' ? given : source.readVariable(given.env))),
    )
    .transform((text) => text.replaceAll('${HOSTNAME}', hostname()))
    .refine((text) => ORIGIN_PATTERN.test(text), {
      error: 'must be 1 to 200 characters of A-Za-z0-9._:/-, such as xks.example.com/proxy-1',
    })
    .describe('Name of this host, unique among all hosts with audit logs');

  const key = secretField(source, 'pem')
    .transform((secret, context) =>
      attempt(context, () => {
        parseAuditKey(secret.reveal());
        return secret;
      }),
    )
    .describe('The Ed25519 key that signs checkpoints; xks-proxy audit key creates one');

  return z.strictObject({
    directory: fileField
      .transform((directory, context) => attempt(context, () => source.resolveAuditDirectory(directory)))
      .describe('Folder that holds only the folders of logs; created if missing'),
    origin,
    key,
    sync: z
      .enum(['always', 'interval', 'never'])
      .default('interval')
      .describe('When records are forced to the disk: before the answer, before each checkpoint, or never'),
    checkpointSeconds: z.number().min(0.1).max(3_600).default(1).describe('Time between checkpoints'),
    segmentRecords: z.int().min(1).max(10_000_000).default(250_000).describe('Records of a file'),
    onFailure: z
      .enum(['refuse', 'serve'])
      .default('refuse')
      .describe('Answer to requests that cannot be recorded here. refuse: an error; serve: the usual answer'),
  });
}
