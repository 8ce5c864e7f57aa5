import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSeq, type Document } from 'yaml';
import { loadConfig, parseYaml } from './loadConfig.ts';
import { ConfigError } from './problem.ts';

export interface ConfigEdit {
  /** Secrets that the edited configuration refers to: each becomes a new file of this name beside it, for its owner alone. */
  readonly newSecrets?: Readonly<Record<string, string>>;
  readonly edit: (document: Document) => void;
}

/**
 * Changes a configuration file in place, keeping its comments. The new text replaces the old in one step, and only if the
 * result is a valid configuration; otherwise throws ConfigError, and nothing has changed.
 */
export function editConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  { newSecrets = {}, edit }: ConfigEdit,
): void {
  const document = parseYaml(file);
  edit(document);
  const folder = dirname(resolve(file));
  const next = `${file}.new`;
  const written: string[] = [];
  try {
    for (const [name, secret] of Object.entries(newSecrets)) {
      writeFileSync(join(folder, name), `${secret}\n`, { mode: 0o600, flag: 'wx' });
      written.push(join(folder, name));
    }
    writeFileSync(next, document.toString({ lineWidth: 0 }), { mode: statSync(file).mode & 0o777 });
    loadConfig(next, env);
    renameSync(next, file);
  } catch (error) {
    for (const leftover of [...written, next]) rmSync(leftover, { force: true });
    throw error instanceof ConfigError ? new ConfigError(file, error.problems) : error;
  }
}

/** Adds an entry to the end of a list, which may be absent or empty. */
export function addToList(document: Document, path: readonly (string | number)[], entry: object): void {
  const list = document.getIn(path);
  const node = document.createNode(entry);
  if (isSeq(list) && list.items.length > 0) list.add(node);
  else document.setIn(path, document.createNode([node]));
}
