import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Cli } from './cli.ts';

/** Makes the option `--config`, which may be left out. */
export function configOption({ env, defaultConfigFile }: Pick<Cli, 'env' | 'defaultConfigFile'>): Option {
  const { XKS_PROXY_CONFIG: named = '' } = env;
  return new Option('--config <file>', 'the configuration file').default(
    named || defaultConfigFile,
    `the file that XKS_PROXY_CONFIG names, or ${defaultConfigFile}`,
  );
}

/** Throws CommanderError, a usage error, if no configuration is given and the default file does not exist. */
export function requireConfig(command: Command, { env, supervisor }: Pick<Cli, 'env' | 'supervisor'>): void {
  const { config: file, policyFile, json } = command.opts<{ config?: string; policyFile?: string; json?: boolean }>();
  const isDefault = command.getOptionValueSource('config') === 'default' && policyFile === undefined;
  // A worker gets its configuration from its supervisor, and a command with --json reports the error as JSON.
  if (!isDefault || file === undefined || supervisor || json || existsSync(file)) return;
  const { XKS_PROXY_CONFIG: named = '' } = env;
  const tried = named === '' ? `XKS_PROXY_CONFIG is not set, and ${file}` : `and XKS_PROXY_CONFIG names ${file}, which`;
  command.error(`there is no configuration: --config is not given, ${tried} does not exist`);
}
