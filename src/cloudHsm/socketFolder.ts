import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { ClusterFailure } from './clusterFailure.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

// sockaddr_un has 108 bytes on Linux and 104 on macOS, one of them for the NUL.
const MAX_PATH_BYTES = 103;
// The pattern of the service model of cloudhsmv2.
const CLUSTER_ID = /^cluster-[2-7a-zA-Z]{11,16}$/;

/** Returns the path of a cluster's socket. Throws ClusterFailure. */
export function socketPathOf(clusterId: string, env: Environment): string {
  if (!CLUSTER_ID.test(clusterId)) {
    throw new ClusterFailure(
      'refused',
      'A cluster id is "cluster-" and 11 to 16 letters or digits from 2 to 7, such as cluster-234567abcde.',
    );
  }
  const path = join(socketFolder(env), `${clusterId}.sock`);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  throw new ClusterFailure(
    'refused',
    `The path of the cluster's socket, ${path}, has more than ${MAX_PATH_BYTES} bytes. Set XDG_RUNTIME_DIR to a folder with a shorter path.`,
  );
}

/** Returns the folder of the sockets of all clusters of this user, and creates it if it does not exist. Throws ClusterFailure. */
export function socketFolder({ XDG_RUNTIME_DIR: runtime, TMPDIR: temporary }: Environment): string {
  const user = getuid?.() ?? 0;
  // In a container, the variable may name a folder that does not exist.
  const folder =
    runtime && existsSync(runtime) ? join(runtime, 'xks-proxy') : join(temporary ?? '/tmp', `xks-proxy-${user}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new ClusterFailure('failed', `The folder ${folder} cannot be created (${code}).`);
  }
  // Another user could have created the folder in /tmp first, and could then read the passwords.
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== user || (stats.mode & 0o077) !== 0) {
    throw new ClusterFailure(
      'refused',
      `${folder} must be a folder that only this user can access (mode 0700). Remove it, or set XDG_RUNTIME_DIR to a folder of your own.`,
    );
  }
  return folder;
}
