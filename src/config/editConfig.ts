import {
  closeSync,
  fchmodSync,
  fchownSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from './loadConfig.ts';
import { ConfigError } from './problems/problem.ts';
import { readYaml } from './yaml/writtenYaml.ts';
import { YamlEditor } from './yaml/yamlEditor.ts';

export interface ConfigEdit {
  /**
   * Secrets that the edited configuration refers to. Each is written to a new file of this name beside it, with the same owner. If
   * only the owner and a group may read the configuration, that group may read the secret too; otherwise only the owner may.
   */
  readonly newSecrets?: Readonly<Record<string, string>>;
  readonly edit: (yaml: YamlEditor) => void;
}

/**
 * Changes a configuration file. Keeps its owner, its mode and every byte that the edit does not concern. The new text replaces
 * the old in one step, and only if it is a valid configuration. Otherwise throws and leaves the file as it was.
 */
export function editConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  { newSecrets = {}, edit }: ConfigEdit,
): void {
  const target = realPath(file);
  const next = `${target}.new`;
  const { mode, uid, gid } = statSync(target);
  const groupMayRead = (mode & 0o007) === 0 && (mode & 0o040) !== 0;
  const written: string[] = [];
  const write = (path: string, text: string, permissions: number) => {
    // Never writes through a link or into a file that another user has put there.
    const descriptor = openSync(path, 'wx', permissions);
    written.push(path);
    fchownSync(descriptor, uid, gid);
    // The umask has taken away permissions that the old file may have.
    fchmodSync(descriptor, permissions);
    writeFileSync(descriptor, text);
    closeSync(descriptor);
  };
  try {
    // The new file is also the lock: one change at a time.
    write(next, '', mode & 0o777);
    const yaml = new YamlEditor(readYaml(target));
    edit(yaml);
    for (const [name, secret] of Object.entries(newSecrets)) {
      write(join(dirname(target), name), `${secret}\n`, groupMayRead ? 0o640 : 0o600);
    }
    writeFileSync(next, yaml.text);
    loadConfig(next, env);
    renameSync(next, target);
  } catch (error) {
    for (const leftover of written) rmSync(leftover, { force: true });
    throw explain(file, next, error);
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    throw explain(file, file, error);
  }
}

function explain(file: string, next: string, error: unknown): Error {
  if (error instanceof ConfigError)
    return new ConfigError(`Nothing was changed: with this change, ${file}`, error.problems);
  const { code, path, message } = error as NodeJS.ErrnoException;
  const lock = `${next} already exists: another command is changing the configuration, or was interrupted and left it`;
  const reason = code === 'EEXIST' && path === next ? lock : message;
  return new ConfigError(file, [{ path: '', message: reason }]);
}
