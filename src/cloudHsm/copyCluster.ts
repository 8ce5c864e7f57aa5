import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of what a cluster keeps in its folder. The folder's other files belong to its place, or to its process. */
export const CLUSTER_FILES = { tokens: 'tokens', users: 'users.json', undo: 'undo.json' } as const;

/** Copies what a cluster keeps into a folder, for its owner alone. Nothing may change it meanwhile: its process copies it, or does not run. */
export function copyCluster(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of Object.values(CLUSTER_FILES).filter((each) => existsSync(join(from, each)))) {
    cpSync(join(from, name), join(to, name), { recursive: true, force: true });
  }
  // A folder that cpSync makes has the mode that the umask leaves it.
  const folders = readdirSync(to, { recursive: true, withFileTypes: true }).filter((each) => each.isDirectory());
  for (const { parentPath, name } of folders) chmodSync(join(parentPath, name), 0o700);
}
