import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyCluster } from '../../cloudHsm/copyCluster.ts';
import type { ClusterProcess } from './clusterProcesses.ts';

/** Folders of clusters and backups, by id. Only their owner can access them. */
export class ClusterFolders {
  readonly #stateFile: string;
  #root: string | undefined;

  /** Creates no folder. The first cluster creates its folders. */
  constructor(stateFile: string) {
    this.#stateFile = stateFile;
  }

  folderOf(id: string): string {
    return join(this.#rootFolder(), id);
  }

  /** Copies a cluster's data into the folder of a backup. `process` is the cluster's process, if it runs. */
  async backUp(clusterId: string, backupId: string, process: ClusterProcess | undefined): Promise<void> {
    await this.#fill(backupId, async (part) => {
      if (process) await process.copyTo(part);
      else copyCluster(this.folderOf(clusterId), part);
    });
  }

  /** Creates the folder of a cluster with the data of a backup. */
  async restore(backupId: string, clusterId: string): Promise<void> {
    await this.#fill(clusterId, (part) => {
      copyCluster(this.folderOf(backupId), part);
    });
  }

  has(id: string): boolean {
    return existsSync(this.folderOf(id));
  }

  remove(id: string): void {
    rmSync(this.folderOf(id), { recursive: true, force: true });
  }

  /** Removes all folders if the state was kept only in memory. */
  close(): void {
    if (this.#stateFile === ':memory:' && this.#root !== undefined)
      rmSync(this.#root, { recursive: true, force: true });
  }

  /** Fills a folder under another name first, so that a folder with its final name is always complete. */
  async #fill(id: string, fill: (folder: string) => void | Promise<void>): Promise<void> {
    const part = this.folderOf(`${id}.part`);
    rmSync(part, { recursive: true, force: true });
    await fill(part);
    this.remove(id);
    renameSync(part, this.folderOf(id));
  }

  #rootFolder(): string {
    if (this.#root !== undefined) return this.#root;
    if (this.#stateFile === ':memory:') this.#root = mkdtempSync(join(tmpdir(), 'xks-proxy-clusters-'));
    else {
      this.#root = `${this.#stateFile}.clusters`;
      mkdirSync(this.#root, { recursive: true, mode: 0o700 });
      // Also for an existing folder, because it holds tokens.
      chmodSync(this.#root, 0o700);
    }
    return this.#root;
  }
}
