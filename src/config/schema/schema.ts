import { z } from 'zod';
import { auditSchema } from './auditSchema.ts';
import { changeRules } from './changeRules.ts';
import type { ConfigSource } from '../files/configSource.ts';
import { fileField } from './fields.ts';
import { mayMeet } from '../../hosts.ts';
import { keyManagerSchema } from './keyManagerSchema.ts';
import { mixedIsolations } from '../checks/mixedIsolations.ts';
import { keyStoreSchema } from './keyStoreSchema.ts';
import { monitoringSchema } from './monitoringSchema.ts';
import { serverSchema } from './serverSchema.ts';

/** The whole configuration: with defaults, absolute file names and the secrets themselves, frozen. */
export type Config = z.output<ReturnType<typeof configSchema>>;

/**
 * The type and rules of the configuration file. Defaults exist only here and in the schema's parts. Files and variables are read
 * through `source` while the configuration is parsed, so that a missing file is reported beside a misspelt key.
 */
export function configSchema(source: ConfigSource) {
  const log = z.strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    requests: z
      .enum(['all', 'failures'])
      .default('all')
      .describe('Requests that are recorded here; failures needs audit, which records all requests'),
  });

  const root = {
    server: serverSchema(source).register(changeRules, { restart: 'needed' }),
    monitoring: monitoringSchema
      .optional()
      .describe('Port with plain HTTP for /livez, /readyz, /metrics and /status; if left out, there is no such port')
      .register(changeRules, { restart: 'needed' }),
    log: log.prefault({}).register(changeRules, { restart: 'needed' }),
    audit: auditSchema(source)
      .optional()
      .describe('The audit log; if left out, records go to the log stream only')
      .register(changeRules, { restart: 'needed' }),
    blockList: z
      .strictObject({ file: fileField.describe('Written by xks-proxy key block and keystore block') })
      .optional()
      .describe(
        'File of blocked keys and key stores, read independently of this one; by default <configuration>.blocked.json beside it',
      )
      .register(changeRules, { restart: 'needed' }),
    keyManagers: z
      .array(keyManagerSchema(source))
      .min(1, 'must have at least one key manager')
      .superRefine((keyManagers, context) => {
        for (const { path, message } of mixedIsolations(keyManagers, source)) {
          context.addIssue({ code: 'custom', path, message });
        }
      })
      .register(changeRules, { namedBy: ['name'] }),
    keyStores: z
      .array(keyStoreSchema(source))
      .min(1, 'must have at least one key store: xks-proxy keystore create makes one')
      .register(changeRules, { namedBy: ['name'] }),
  };
  return z
    .strictObject(root, `must be a map of ${Object.keys(root).join(', ')}`)
    .refine(({ log: { requests }, audit }) => requests === 'all' || audit !== undefined, {
      path: ['log', 'requests'],
      error: 'is failures without audit, so successful requests would have no record',
    })
    .refine(({ server, monitoring }) => !monitoring || !isOnePort(server, monitoring), {
      path: ['monitoring', 'port'],
      error: 'is the same as server.port, and both hosts may be the same address; set different ports',
    });
}

interface Listener {
  readonly host: string;
  readonly port: number;
}

function isOnePort(one: Listener, other: Listener): boolean {
  return one.port !== 0 && one.port === other.port && mayMeet(one.host, other.host);
}
