import { readFromDisk } from './config/configFiles.ts';
import { describeChanges, type ConfigChange } from './config/describeChanges.ts';
import { loadConfig, type LoadedConfig } from './config/loadConfig.ts';
import { ConfigError } from './config/problem.ts';
import { watchConfig } from './config/watchConfig.ts';
import type { ServeOrder, Serving } from './server/serving.ts';

export interface ReloaderOptions {
  /** The configuration file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is served at first. */
  readonly loaded: LoadedConfig;
  readonly serving: Serving;
  readonly toOrder: (loaded: LoadedConfig) => ServeOrder;
  readonly log: ReloadLog;
}

interface ReloadLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const REFUSED = 'the configuration is not reloaded: the one before stays in force';

/** Takes over changed configurations while the proxy serves; a bad one changes nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #stopWatching: () => void;
  #inForce: LoadedConfig;
  #reloading: Promise<void> = Promise.resolve();

  /** Starts to watch the files of the configuration. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#inForce = options.loaded;
    this.#stopWatching = watchConfig(
      () => this.#inForce.snapshot,
      readFromDisk,
      () => {
        this.reload('files changed');
      },
    );
  }

  /** Reads the configuration anew, after the reloads that are under way. `trigger` is for the log. */
  reload(trigger: string): void {
    this.#reloading = this.#reloading.then(() => this.#reload(trigger));
  }

  /** Resolves when no reload is running, and none will. */
  async stop(): Promise<void> {
    this.#stopWatching();
    await this.#reloading;
  }

  /** Never throws. */
  async #reload(trigger: string): Promise<void> {
    const { file, env, serving, toOrder, log } = this.#options;
    try {
      const loaded = loadConfig(file, env);
      const changes = describeChanges(this.#inForce.config, loaded.config);
      const fixed = changes.filter(({ needsRestart }) => needsRestart);
      if (fixed.length > 0) {
        log.error({ trigger, changes: list(fixed) }, `${REFUSED}. These changes need a restart`);
        return;
      }
      await serving.apply(toOrder(loaded));
      this.#inForce = loaded;
      for (const warning of loaded.warnings) log.warn({}, warning);
      log.info({ trigger, changes: list(changes) }, 'the configuration was reloaded');
    } catch (error) {
      log.error({ trigger, problems: problemsOf(error) }, REFUSED);
    }
  }
}

function list(changes: readonly ConfigChange[]): string[] {
  return changes.map(({ path, what }) => `${path}: ${what}`);
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
  return [error instanceof Error ? error.message : String(error)];
}
