import { Command } from 'commander';
import { BlockListProblem, describeBlock } from '../blocks/blockList.ts';
import { blockListPath, readBlockList } from '../blocks/blockListFile.ts';
import { configJsonSchema } from '../config/schema/configJsonSchema.ts';
import { loadForServing } from '../config/loadForServing.ts';
import { ConfigError } from '../config/problems/problem.ts';
import type { Config } from '../config/schema/schema.ts';
import { xksProxyUriPath } from '../xks/path.ts';
import type { Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { loadToReport } from './loadToReport.ts';

/** `xks-proxy config check|schema`. */
export function configCommand(cli: Cli): Command {
  const command = new Command('config').description('examines the configuration without running it');
  command
    .command('check')
    .description('reports every problem with its key path, or says what would run')
    .addOption(configOption(cli))
    .option('--json', 'as JSON')
    .action(async ({ config: file, json = false }: { config: string; json?: boolean }) => {
      let blocked: readonly string[] = [];
      const load = async () => {
        const loaded = await loadForServing(file, cli.env);
        blocked = await readBlocked(file, loaded.config.blockList?.file);
        return loaded;
      };
      const { config, warnings } = await loadToReport(cli, file, { json, load });
      const report = { valid: true, warnings, ...summarize(config), blocked };
      const lines = [describe(config), ...blocked.map((each) => `blocked: ${each}`)];
      cli.out(json ? JSON.stringify(report, null, 2) : lines.join('\n'));
    });
  command
    .command('schema')
    .description("prints the configuration's JSON Schema, for editors")
    .action(() => {
      cli.out(JSON.stringify(configJsonSchema(), null, 2));
    });
  return command;
}

/** Describes the blocks of the block list. Throws ConfigError if it cannot be read, because `serve` would not start. */
async function readBlocked(file: string, written: string | undefined): Promise<string[]> {
  const path = blockListPath(file, written);
  try {
    return (await readBlockList(path)).blocks.map(describeBlock);
  } catch (error) {
    if (!(error instanceof BlockListProblem)) throw error;
    throw new ConfigError(file, [{ path: 'blockList', message: `the file ${path} ${error.message}` }]);
  }
}

/** Summary of what `serve` would run, as data. */
function summarize({ server, monitoring, audit, keyManagers, keyStores }: Config) {
  const { host, port, regions } = server;
  return {
    server: { host, port, tls: server.tls !== undefined, regions },
    monitoring: monitoring ?? null,
    audit: audit ? { directory: audit.directory, origin: audit.origin, sync: audit.sync } : null,
    keyManagers: keyManagers.map(({ name, pkcs11: { module, isolation, token, sessions } }) => {
      return { name, module, isolation, token: 'slot' in token ? { slot: String(token.slot) } : token, sessions };
    }),
    keyStores: keyStores.map(({ name, uriPathPrefix, credentials, keys, policyFile }) => ({
      name,
      uriPath: xksProxyUriPath(uriPathPrefix),
      credentials: credentials.map(({ accessKeyId }) => ({ accessKeyId })),
      keys: keys.map(({ id, status, versions }) => ({ id, status, versions: versions.length })),
      policies: policyFile?.policies.map(({ id }) => id) ?? null,
    })),
  };
}

function describe({ server, audit, keyManagers, keyStores }: Config): string {
  const scheme = server.tls ? 'https' : 'http';
  return [
    `The configuration is valid. It would listen on ${scheme}://${server.host}:${server.port}, for ${server.regions.join(', ')}.`,
    audit
      ? `audit log: ${audit.directory}, of ${audit.origin}, sync ${audit.sync}`
      : 'audit log: none, records go to the log stream only',
    ...keyManagers.map(({ name, pkcs11 }) => {
      const [[selector, value] = []] = Object.entries(pkcs11.token);
      return `key manager ${name}: ${pkcs11.module}, isolation ${pkcs11.isolation}, token ${selector ?? ''} ${value ?? ''}, ${pkcs11.sessions} sessions`;
    }),
    ...keyStores.map(({ name, uriPathPrefix, credentials, keys, policyFile }) =>
      [
        `key store ${name}: ${xksProxyUriPath(uriPathPrefix)}`,
        `  credentials: ${list(credentials.map(({ accessKeyId }) => accessKeyId))}`,
        `  keys: ${list(keys.map(describeKey))}`,
        `  policies: ${policyFile ? list(policyFile.policies.map(({ id }) => id)) : 'none, requests are not restricted'}`,
      ].join('\n'),
    ),
  ].join('\n');
}

function describeKey({ id, versions, status }: Config['keyStores'][number]['keys'][number]): string {
  const notes = [
    ...(versions.length > 1 ? [`${versions.length} versions`] : []),
    ...(status === 'blocked' ? [status] : []),
  ];
  return notes.length === 0 ? id : `${id} (${notes.join(', ')})`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
