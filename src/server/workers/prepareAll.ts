import type { ServeOrder } from '../serving.ts';
import { ChannelEnd } from './remoteCalls.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

/** Makes workers ready to go over to another configuration. If one cannot, none is, and throws why. */
export async function prepareAll(workers: readonly SupervisedWorker[], order: ServeOrder): Promise<void> {
  const [first, ...others] = workers;
  try {
    // One at first: what it refuses, a PIN perhaps, the others need not try.
    if (first) await prepare(first, order);
    await Promise.all(others.map((worker) => prepare(worker, order)));
  } catch (error) {
    await Promise.allSettled(workers.map(({ calls }) => calls.call('discard', undefined)));
    throw error;
  }
}

// A worker that ends meanwhile refuses nothing: its successor starts with what is in force then.
async function prepare({ calls }: SupervisedWorker, order: ServeOrder): Promise<void> {
  await calls.call('prepare', order).catch((error: unknown) => {
    if (!(error instanceof ChannelEnd)) throw error;
  });
}
