import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock, whenFree, LockHeld, type FileLock } from '../../fileLock.ts';
import { Peer } from '../../messaging/peer.ts';
import type { ProcessChannel } from '../../messaging/processChannel.ts';
import { ClusterFailure, CLUSTER_FAILURES } from '../clusterFailure.ts';
import { CLUSTER_FILES } from '../copyCluster.ts';
import type { ClusterProcessCalls, ClusterStart, StarterCalls } from '../processCalls.ts';
import { Cluster } from './cluster.ts';
import { ClusterListener } from './clusterListener.ts';

interface RunningParts {
  readonly cluster: Cluster;
  close(): void;
}

/** Runs a cluster for the process that started this one. Resolves when the starter has ended or `stopped` has resolved. */
export async function runCluster(starter: ProcessChannel, stopped: Promise<unknown>): Promise<void> {
  let starting: Promise<RunningParts> | undefined;
  const offer: ClusterProcessCalls = {
    start: async (start) => {
      starting = startParts(start, peer);
      await starting;
    },
    copyTo: async (folder) => {
      (await starting)?.cluster.copyTo(folder);
    },
  };
  const peer = new Peer<StarterCalls>(starter, { name: 'the local KMS', offer, errors: CLUSTER_FAILURES });
  const starterEnded = new Promise<void>((resolve) => {
    starter.onEnd(resolve);
  });
  await Promise.race([starterEnded, stopped]);
  const running = await starting?.catch(() => undefined);
  running?.close();
  starter.release();
}

async function startParts(
  { folder, socketPath, maxSessions }: ClusterStart,
  peer: Peer<StarterCalls>,
): Promise<RunningParts> {
  const locks: FileLock[] = [];
  try {
    // The previous process of the cluster may still be ending.
    for (const place of [join(folder, 'cluster'), socketPath])
      locks.push(await whenFree(() => takeLock(`${place}.lock`)));
    mkdirSync(join(folder, CLUSTER_FILES.tokens), { recursive: true, mode: 0o700 });
    const cluster = new Cluster({
      folder,
      maxSessions,
      onActivated: () => {
        peer.tell('activated', undefined);
      },
      onEvent: (message, fields) => {
        peer.tell('note', { message, fields });
      },
    });
    const listener = await ClusterListener.listen(socketPath, cluster);
    if (cluster.isActivated) peer.tell('activated', undefined);
    return {
      cluster,
      close: () => {
        listener.close();
        cluster.close();
        for (const lock of locks) lock.release();
      },
    };
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error instanceof LockHeld
      ? new ClusterFailure('refused', `The cluster is already running: ${error.message}.`)
      : error;
  }
}
