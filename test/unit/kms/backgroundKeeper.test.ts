import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { copyCluster } from '../../../src/cloudHsm/copyCluster.ts';
import { BackgroundKeeper } from '../../../src/kms/clusters/backgroundKeeper.ts';
import { ClusterFolders } from '../../../src/kms/clusters/clusterFolders.ts';
import type { StartClusterProcess } from '../../../src/kms/clusters/clusterProcesses.ts';
import type { Cluster } from '../../../src/kms/state/clusterRecords.ts';
import { openDatabase } from '../../../src/kms/state/database.ts';
import { KmsState } from '../../../src/kms/state/kmsState.ts';
import { BACKUP, HSM, UNINITIALIZED_CLUSTER } from '../../support/clusterRecords.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const CLUSTER: Cluster = {
  ...UNINITIALIZED_CLUSTER,
  state: 'INITIALIZED',
  retentionDays: 7,
  csr: undefined,
  certificate: 'a certificate',
  trustAnchor: 'another',
  tags: [],
};
const { clusterId } = CLUSTER;

/** Fake processes of clusters. Each keeps its key in users.json, and creates the folder of tokens when it is activated. */
class FakeProcesses {
  readonly running = new Map<string, { end: () => void; activate: () => void }>();
  starts = 0;
  failure: Error | undefined;

  readonly start: StartClusterProcess = ({ clusterId: id, folder, onActivated }) => {
    this.starts++;
    if (this.failure) return Promise.reject(this.failure);
    mkdirSync(folder, { recursive: true });
    if (existsSync(join(folder, 'tokens'))) onActivated();
    else writeFileSync(join(folder, 'users.json'), 'first');
    writeFileSync(join(folder, 'softhsm2.conf'), folder);
    const emitter = new EventEmitter();
    const ended = once(emitter, 'end').then(() => undefined);
    const end = () => {
      this.running.delete(id);
      emitter.emit('end');
    };
    const activate = () => {
      mkdirSync(join(folder, 'tokens'));
      onActivated();
    };
    this.running.set(id, { end, activate });
    const copyTo = (target: string) => {
      copyCluster(folder, target);
      return Promise.resolve();
    };
    return Promise.resolve({
      ended,
      copyTo,
      stop: () => {
        end();
        return Promise.resolve();
      },
    });
  };
}

/** A keeper of the state in a folder. */
class Keeping {
  readonly processes = new FakeProcesses();
  readonly folder: string;
  readonly state: KmsState;
  readonly folders: ClusterFolders;
  readonly keeper: BackgroundKeeper;
  readonly logged: string[] = [];
  now = 1_000;

  constructor({ stepMs = 1, dayMs = 86_400_000, folder = temporaryFolder() } = {}) {
    this.folder = folder;
    const stateFile = join(folder, 'kms.db');
    this.state = new KmsState(openDatabase(stateFile));
    this.folders = new ClusterFolders(stateFile);
    const log = pino({}, { write: (line: string) => this.logged.push(line) });
    const { state, folders, processes } = this;
    this.keeper = new BackgroundKeeper({
      ...{ state, folders, log, stepMs, dayMs },
      start: processes.start,
      clock: () => this.now,
    });
    onTestFinished(() => this.stop());
  }

  #isStopped = false;

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.keeper.stop();
    this.state.close();
  }

  get clusterState() {
    return this.state.clusters.find(clusterId)?.state;
  }

  get hsmState() {
    return this.state.hsms.find(HSM.hsmId)?.state;
  }

  get backupStates() {
    return this.state.backups.list().map(({ state }) => state);
  }

  keyIn(id: string): string {
    return readFileSync(join(this.folder, 'kms.db.clusters', id, 'users.json'), 'utf8');
  }

  async activeCluster(): Promise<void> {
    this.keeper.putCluster({ ...CLUSTER, state: 'UNINITIALIZED' });
    this.keeper.putHsm(HSM);
    await expect.poll(() => this.hsmState).toBe('ACTIVE');
    expect(this.processes.running.size).toBe(0);
    this.keeper.putCluster({ ...CLUSTER, state: 'INITIALIZE_IN_PROGRESS' });
    await expect.poll(() => this.clusterState).toBe('INITIALIZED');
    this.processes.running.get(clusterId)?.activate();
    expect(this.clusterState).toBe('ACTIVE');
    await expect.poll(() => this.backupStates).toEqual(['READY']);
  }
}

it('a cluster has a process after it is initialized and has an HSM, and is backed up when it is activated', async () => {
  const keeping = new Keeping();
  await keeping.activeCluster();
  const [backup] = keeping.state.backups.list();
  expect(backup).toMatchObject({ clusterId, neverExpires: false, hsmType: 'hsm2m.medium', createTimestamp: 1_000 });
  const files = readdirSync(join(keeping.folder, 'kms.db.clusters', backup?.backupId ?? ''));
  expect(files.toSorted()).toEqual(['tokens', 'users.json']);
  expect(statSync(join(keeping.folder, 'kms.db.clusters')).mode & 0o777).toBe(0o700);
});

it('adding or removing an HSM makes a backup; without an HSM, the process ends', async () => {
  const keeping = new Keeping();
  await keeping.activeCluster();
  const second = { ...HSM, hsmId: 'hsm-22222222222', eniId: 'eni-2', eniIp: '10.0.1.5' };
  keeping.keeper.putHsm(second);
  await expect.poll(() => keeping.backupStates).toEqual(['READY', 'READY']);
  for (const hsm of [HSM, second]) keeping.keeper.putHsm({ ...hsm, state: 'DELETE_IN_PROGRESS' });
  await expect.poll(() => keeping.state.hsms.list()).toEqual([]);
  await expect.poll(() => keeping.backupStates).toEqual(['READY', 'READY', 'READY', 'READY']);
  await expect.poll(() => keeping.processes.running.size).toBe(0);
  keeping.keeper.putCluster({ ...CLUSTER, state: 'DELETE_IN_PROGRESS' });
  await expect.poll(() => keeping.clusterState).toBe('DELETED');
  expect(keeping.folders.has(clusterId)).toBe(false);
  for (const { backupId } of keeping.state.backups.list()) expect(keeping.keyIn(backupId)).toBe('first');
});

it('a cluster from a backup has the contents of that time, and is active with its first HSM', async () => {
  const keeping = new Keeping();
  await keeping.activeCluster();
  const [{ backupId } = BACKUP] = keeping.state.backups.list();
  writeFileSync(join(keeping.folder, 'kms.db.clusters', clusterId, 'users.json'), 'changed');
  const restored = 'cluster-restored222';
  keeping.keeper.putCluster({ ...CLUSTER, clusterId: restored, state: 'CREATE_IN_PROGRESS', sourceBackupId: backupId });
  await expect.poll(() => keeping.state.clusters.find(restored)?.state).toBe('INITIALIZED');
  expect(keeping.keyIn(restored)).toBe('first');
  const hsm = { ...HSM, clusterId: restored, hsmId: 'hsm-22222222222', eniId: 'eni-2', eniIp: '10.0.1.5' };
  keeping.keeper.putHsm(hsm);
  await expect.poll(() => keeping.state.clusters.find(restored)?.state).toBe('ACTIVE');
  await expect.poll(() => keeping.state.hsms.find(hsm.hsmId)?.state).toBe('ACTIVE');
});

it('the next run continues pending changes, and starts the processes first', async () => {
  const first = new Keeping();
  await first.activeCluster();
  await first.stop();
  expect(first.processes.running.size).toBe(0);
  const slow = new Keeping({ stepMs: 600_000, folder: first.folder });
  slow.keeper.putHsm({ ...HSM, state: 'DELETE_IN_PROGRESS' });
  slow.keeper.putBackup({ ...BACKUP, state: 'CREATE_IN_PROGRESS' });
  await slow.stop();
  const last = new Keeping({ folder: first.folder });
  await last.keeper.resume();
  expect(last.processes.starts).toBe(1);
  await expect.poll(() => last.state.hsms.list()).toEqual([]);
  await expect.poll(() => last.backupStates).toEqual(['READY', 'READY', 'READY']);
  expect(last.keyIn(BACKUP.backupId)).toBe('first');
  await expect.poll(() => last.processes.running.size).toBe(0);
});

it('a process that cannot be started does not prevent the next run from serving', async () => {
  const first = new Keeping();
  await first.activeCluster();
  await first.stop();
  const second = new Keeping({ folder: first.folder });
  second.processes.failure = new Error('no SoftHSM');
  await second.keeper.resume();
  expect(second.logged.join('')).toContain('no SoftHSM');
  expect(second.clusterState).toBe('ACTIVE');
});

it('a state that cannot end has a problem until it ends', async () => {
  const keeping = new Keeping();
  keeping.keeper.putCluster({ ...CLUSTER, state: 'UNINITIALIZED' });
  keeping.keeper.putHsm(HSM);
  await expect.poll(() => keeping.hsmState).toBe('ACTIVE');
  keeping.processes.failure = new Error('no SoftHSM');
  keeping.keeper.putCluster({ ...CLUSTER, state: 'INITIALIZE_IN_PROGRESS' });
  await expect.poll(() => keeping.keeper.problemOf(clusterId)).toBe('no SoftHSM');
  expect(keeping.clusterState).toBe('INITIALIZE_IN_PROGRESS');
  keeping.processes.failure = undefined;
  await expect.poll(() => keeping.clusterState).toBe('INITIALIZED');
  await expect.poll(() => keeping.keeper.problemOf(clusterId)).toBeUndefined();
});

it('a process that has ended is started again after a while', async () => {
  const keeping = new Keeping();
  await keeping.activeCluster();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  keeping.processes.running.get(clusterId)?.end();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(keeping.processes.starts).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(keeping.processes.starts).toBe(2);
});

it('an active cluster with an HSM is backed up daily, and all backups except the newest are deleted when they expire', async () => {
  const keeping = new Keeping({ dayMs: 20 });
  await keeping.activeCluster();
  await keeping.keeper.resume();
  keeping.now += 20;
  await expect.poll(() => keeping.backupStates).toEqual(['READY', 'READY']);
  keeping.now += 7 * 20 - 1;
  const times = () => keeping.state.backups.list().map(({ createTimestamp }) => createTimestamp);
  await expect.poll(() => times().toSorted((a, b) => a - b)).toEqual([1_020, 1_159]);
});

it('a backup that is pending deletion is deleted with its folder when its time has come', () => {
  const keeping = new Keeping();
  keeping.state.clusters.put(CLUSTER);
  mkdirSync(keeping.folders.folderOf(BACKUP.backupId));
  keeping.keeper.putBackup({ ...BACKUP, state: 'PENDING_DELETION', deleteTimestamp: 2_000 });
  keeping.now = 1_999;
  keeping.keeper.deleteDueBackups();
  expect(keeping.backupStates).toEqual(['PENDING_DELETION']);
  keeping.now = 2_000;
  keeping.state.clusters.put({ ...CLUSTER, state: 'CREATE_IN_PROGRESS', sourceBackupId: BACKUP.backupId });
  keeping.keeper.deleteDueBackups();
  expect(keeping.backupStates).toEqual(['PENDING_DELETION']);
  keeping.state.clusters.put(CLUSTER);
  keeping.keeper.deleteDueBackups();
  expect(keeping.backupStates).toEqual([]);
  expect(keeping.folders.has(BACKUP.backupId)).toBe(false);
});
