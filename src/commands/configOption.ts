import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Cli } from './cli.ts';

/** `--config`, which may be left out. */
export function configOption({ env, defaultConfigFile }: Pick<Cli, 'env' | 'defaultConfigFile'>): Option {
  const { XKS_PROXY_CONFIG: named = '' } = env;
  return new Option('--config <file>', 'the configuration file').default(
    named || defaultConfigFile,
    `the file that XKS_PROXY_CONFIG names, or ${defaultConfigFile}`,
  );
}

/** Throws CommanderError, a mistake of usage, if a command has no configuration to read: it says where one was looked for. */
export function requireConfig(command: Command, { env, supervisor }: Pick<Cli, 'env' | 'supervisor'>): void {
  const { config: file, policyFile, json } = command.opts<{ config?: string; policyFile?: string; json?: boolean }>();
  const isDefault = command.getOptionValueSource('config') === 'default' && policyFile === undefined;
  // A worker has its configuration from its supervisor; a command with --json reports in its own way.
  if (!isDefault || file === undefined || supervisor || json || existsSync(file)) return;
  const { XKS_PROXY_CONFIG: named = '' } = env;
  const tried = named === '' ? `XKS_PROXY_CONFIG is not set, and ${file}` : `and XKS_PROXY_CONFIG names ${file}, which`;
  command.error(`there is no configuration: --config is not given, ${tried} is not there`);
}
