import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ClusterProcesses, type ClusterProcess } from '../../../src/kms/clusters/clusterProcesses.ts';

const ID = 'cluster-234567abcde';

/** Processes that start when the test allows it. */
class SlowProcesses {
  readonly starts: PromiseWithResolvers<ClusterProcess>[] = [];
  readonly lost: string[] = [];
  readonly processes = new ClusterProcesses({
    start: () => {
      const starting = Promise.withResolvers<ClusterProcess>();
      this.starts.push(starting);
      return starting.promise;
    },
    folderOf: (id) => id,
    onActivated: () => undefined,
    onLost: (id) => this.lost.push(id),
    log: pino({ enabled: false }),
  });

  /** Lets one of the processes start. */
  run(index: number): void {
    const end = Promise.withResolvers<undefined>();
    const stop = (): Promise<void> => {
      end.resolve(undefined);
      return Promise.resolve();
    };
    this.starts[index]?.resolve({ ended: end.promise, stop, copyTo: () => Promise.resolve() });
  }
}

it('keeps the process of a cluster that is started again while the stopped one is still starting', async () => {
  const slow = new SlowProcesses();
  const first = slow.processes.start(ID);
  const stopped = slow.processes.stop(ID);
  const second = slow.processes.start(ID);
  slow.run(0);
  await Promise.all([first, stopped]);
  slow.run(1);
  await second;
  await turn();
  expect(slow.lost).toEqual([]);
  void slow.processes.start(ID);
  expect(slow.starts).toHaveLength(2);
});

it('keeps the process of a cluster that is started again while the stopped one fails to start', async () => {
  const slow = new SlowProcesses();
  const first = slow.processes.start(ID);
  const stopped = slow.processes.stop(ID);
  const second = slow.processes.start(ID);
  slow.starts[0]?.reject(new Error('no room'));
  await expect(first).rejects.toThrow('no room');
  await stopped;
  slow.run(1);
  await second;
  void slow.processes.start(ID);
  expect(slow.starts).toHaveLength(2);
});
