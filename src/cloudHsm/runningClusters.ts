import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { ClusterConnection } from './clusterConnection.ts';
import { ClusterFailure } from './clusterFailure.ts';
import { socketFolder, type Environment } from './socketFolder.ts';

const SUFFIX = '.sock';

/** Returns the ids of this user's clusters that accept connections, in alphabetical order. Rejects with ClusterFailure. */
export async function runningClusters(env: Environment): Promise<string[]> {
  const ids = readdirSync(socketFolder(env))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => basename(name, SUFFIX))
    .sort();
  const running = await Promise.all(ids.map((id) => isRunning(id, env)));
  return ids.filter((_, index) => running[index]);
}

/** Tries to connect, because a process that was killed leaves its socket behind. */
async function isRunning(clusterId: string, env: Environment): Promise<boolean> {
  try {
    (await ClusterConnection.open(clusterId, env)).close();
    return true;
  } catch (error) {
    if (error instanceof ClusterFailure) return false;
    throw error;
  }
}
