import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { env as ownEnvironment } from 'node:process';
import { HelperProcess } from '../messaging/helperProcess.ts';
import { CallLate, ChannelEnd } from '../messaging/peer.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { CLUSTER_FAILURES, ClusterFailure } from './clusterFailure.ts';
import { CLUSTER_FILES } from './copyCluster.ts';
import type { ClusterProcessCalls, StarterCalls } from './processCalls.ts';
import { socketPathOf, type Environment } from './socketFolder.ts';

export interface ClusterOptions {
  /** `cluster-` and 11 to 16 letters or digits from 2 to 7. */
  readonly clusterId: string;
  /**
   * Folder for the cluster's token and users, created if it does not exist. If `copyTo` has filled it, the cluster starts from that backup.
   */
  readonly folder: string;
  /** PKCS#11 sessions that operations may use at once. The default is 1,024. */
  readonly maxSessions?: number;
  /** Command line that runs this program, without the arguments. */
  readonly program: readonly [string, ...string[]];
  /** The environment of the process. The default is this process's environment. */
  readonly env?: Environment;
  readonly log: ClusterLog;
  /** Called when the cluster is activated, or at its start if it already is. */
  readonly onActivated?: () => void;
}

export interface ClusterLog {
  info(fields: object, message: string): void;
}

/** A cluster whose process has been started. It ends no later than this process. */
export interface RunningCluster {
  readonly clusterId: string;
  readonly socketPath: string;
  readonly pid: number;
  /** Resolves when the process has ended for any reason. */
  readonly ended: Promise<void>;
  /** Makes a backup: copies the cluster's data into a folder, all from the same moment. Rejects with ClusterFailure. */
  copyTo(folder: string): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_MAX_SESSIONS = 1_024;
// Longer than a busy machine takes. This includes ten seconds for the cluster's previous process to end.
const START_MS = 60_000;
const STOP_MS = 5_000;

/** Starts the process of a cluster. Resolves when the cluster accepts connections. Rejects with ClusterFailure. */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const { clusterId, maxSessions = DEFAULT_MAX_SESSIONS, program, env = ownEnvironment, log, onActivated } = options;
  const folder = resolve(options.folder);
  const socketPath = socketPathOf(clusterId, env);
  const offer: StarterCalls = {
    activated: () => onActivated?.(),
    note: ({ message, fields }) => {
      log.info({ clusterId, ...fields }, message);
    },
  };
  const helper = new HelperProcess<ClusterProcessCalls>([...program, 'cloudhsm-cluster', clusterId], {
    name: `the process of ${clusterId}`,
    env: { ...env, SOFTHSM2_CONF: configureSoftHsm(folder) },
    offer,
    errors: CLUSTER_FAILURES,
  });
  const ended = helper.ended.then((end) => {
    log.info({ clusterId, pid: helper.pid, end }, 'the process of a cluster has ended');
  });
  try {
    await translated(helper.peer.call('start', { folder, socketPath, maxSessions }, { timeoutMs: START_MS }));
  } catch (error) {
    helper.kill();
    throw error;
  }
  // The process has answered, so it has an id.
  const pid = Number(helper.pid);
  log.info({ clusterId, pid, socketPath }, 'a cluster runs');
  return {
    clusterId,
    socketPath,
    pid,
    ended,
    copyTo: (target) => translated(helper.peer.call('copyTo', resolve(target))),
    stop: async () => {
      helper.disconnect();
      await withTimeLimit(ended, STOP_MS, () => {
        helper.kill();
        return ended;
      });
    },
  };
}

/** Creates the folder of a cluster, with SoftHSM's configuration. The configuration names the folder, so backups do not contain it. */
function configureSoftHsm(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const file = join(folder, 'softhsm2.conf');
  writeFileSync(
    file,
    `directories.tokendir = ${join(folder, CLUSTER_FILES.tokens)}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    {
      mode: 0o600,
    },
  );
  return file;
}

async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof ChannelEnd) && !(error instanceof CallLate)) throw error;
    throw new ClusterFailure('failed', `${error.message}.`);
  }
}
