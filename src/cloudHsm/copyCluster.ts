import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names of the files that hold a cluster's data. The other files in its folder depend on the folder's location or belong to its process.
 */
export const CLUSTER_FILES = { tokens: 'tokens', users: 'users.json', undo: 'undo.json' } as const;

/**
 * Copies a cluster's data into a folder that only its owner can read. Nothing may change the data meanwhile: either the cluster's own
 * process calls this, or that process does not run.
 */
export function copyCluster(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of Object.values(CLUSTER_FILES).filter((each) => existsSync(join(from, each)))) {
    cpSync(join(from, name), join(to, name), { recursive: true, force: true });
  }
  // The umask decides the mode of the folders that cpSync creates.
  const folders = readdirSync(to, { recursive: true, withFileTypes: true }).filter((each) => each.isDirectory());
  for (const { parentPath, name } of folders) chmodSync(join(parentPath, name), 0o700);
}
