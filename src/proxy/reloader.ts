import { readFromDisk, recordFiles, type ConfigSnapshot } from '../config/files/configFiles.ts';
import { describeChanges, formatChange, type ConfigChange } from '../config/describeChanges.ts';
import type { LoadedConfig } from '../config/loadConfig.ts';
import { loadForServing } from '../config/loadForServing.ts';
import { ConfigError, formatProblem } from '../config/problems/problem.ts';
import type { Config } from '../config/schema/schema.ts';
import { watchConfig } from '../config/watchConfig.ts';
import type { ServeOrder, Serving } from '../server/serving.ts';

export interface ReloaderOptions {
  /** The configuration file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration that is served at first. */
  readonly loaded: LoadedConfig;
  readonly serving: Serving;
  readonly toOrder: (loaded: LoadedConfig) => ServeOrder;
  /** Called after each attempt. */
  readonly onReload: (outcome: 'success' | 'failure') => void;
  readonly log: ReloadLog;
}

interface ReloadLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const REFUSED = 'the configuration is not reloaded: the previous one stays in force';

/** Applies changed configurations while the proxy serves. A bad configuration changes nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #stopWatching: () => void;
  #inForce: LoadedConfig;
  /** The files as they were last read, whether or not they were applied. */
  #lastRead: ConfigSnapshot;
  #reloading: Promise<void> = Promise.resolve();
  #isReading = false;
  #stopped = false;

  /** Starts watching the files of the configuration. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#inForce = options.loaded;
    this.#lastRead = options.loaded.snapshot;
    this.#stopWatching = watchConfig(
      () => this.#lastRead,
      readFromDisk,
      () => {
        // The reload that is reading now may already have read this change.
        if (!this.#isReading) this.reload('files changed');
      },
    );
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#inForce.config;
  }

  /** Reads the configuration again, after any running reloads. `trigger` is for the log. */
  reload(trigger: string): void {
    this.#reloading = this.#reloading.then(() => this.#reload(trigger));
  }

  /** Starts no further reload. A running one may continue, without effect. */
  stop(): void {
    this.#stopped = true;
    this.#stopWatching();
  }

  async #reload(trigger: string): Promise<void> {
    if (this.#stopped) return;
    const { onReload, serving, log } = this.#options;
    try {
      const changes = (await this.#takeOver()).map(formatChange);
      log.info({ trigger, changes }, 'the configuration was reloaded');
      serving.note('reload', { trigger, outcome: 'success', changes });
      onReload('success');
    } catch (error) {
      const { message, record } = explain(error);
      log.error({ trigger, ...record }, message);
      serving.note('reload', { trigger, outcome: 'failure', ...record });
      onReload('failure');
    }
  }

  /**
   * Throws ConfigError, NeedsRestart, or the error that keeps the proxy from serving the configuration; then nothing has changed.
   */
  async #takeOver(): Promise<readonly ConfigChange[]> {
    const { file, env, serving, toOrder, log } = this.#options;
    const loaded = await this.#load(file, env);
    const changes = describeChanges(this.#inForce.config, loaded.config);
    const fixed = changes.filter(({ needsRestart }) => needsRestart);
    if (fixed.length > 0) throw new NeedsRestart(fixed);
    await serving.apply(toOrder(loaded));
    this.#inForce = loaded;
    for (const warning of loaded.warnings) log.warn({}, warning);
    return changes;
  }

  async #load(file: string, env: ReloaderOptions['env']): Promise<LoadedConfig> {
    const { read, snapshot } = recordFiles(readFromDisk);
    this.#isReading = true;
    try {
      return await loadForServing(file, env, read);
    } finally {
      this.#lastRead = snapshot();
      this.#isReading = false;
    }
  }
}

class NeedsRestart extends Error {
  readonly changes: readonly ConfigChange[];

  constructor(changes: readonly ConfigChange[]) {
    super('needs a restart');
    this.changes = changes;
  }
}

function explain(error: unknown): { message: string; record: object } {
  if (error instanceof NeedsRestart) {
    return {
      message: `${REFUSED}. These changes need a restart`,
      record: { changes: error.changes.map(formatChange) },
    };
  }
  if (error instanceof ConfigError) {
    return { message: REFUSED, record: { problems: error.problems.map(formatProblem) } };
  }
  return { message: REFUSED, record: { problems: [error instanceof Error ? error.message : String(error)] } };
}
