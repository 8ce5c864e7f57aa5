import type { LoadedConfig } from '../config/loadConfig.ts';
import { ConfigError } from '../config/problems/problem.ts';
import type { Cli } from './cli.ts';

export interface ReportOptions {
  readonly json: boolean;
  readonly load: (file: string, env: Cli['env']) => LoadedConfig | Promise<LoadedConfig>;
}

/**
 * Loads a configuration for a command that reports on it. Prints the warnings to standard error, unless `json` is set: the
 * command puts them into its JSON itself. Throws ConfigError. With `json`, prints its problems to standard output first.
 */
export async function loadToReport(
  cli: Pick<Cli, 'env' | 'err' | 'out'>,
  file: string,
  { json, load }: ReportOptions,
): Promise<LoadedConfig> {
  try {
    const loaded = await load(file, cli.env);
    if (!json) for (const warning of loaded.warnings) cli.err(`warning: ${warning}`);
    return loaded;
  } catch (error) {
    const { problems } = error instanceof ConfigError ? error : {};
    if (json && problems) cli.out(JSON.stringify({ valid: false, problems }, null, 2));
    throw error;
  }
}
