import type { ServeOrder } from '../serving.ts';
import { ChannelEnd } from '../../messaging/peer.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type PreparableWorker = Pick<SupervisedWorker, 'peer' | 'ended' | 'isKilled'>;

/** Makes workers prepare another configuration. After all have answered, throws the error of one that refused it. */
export async function prepareAll([first, ...others]: readonly PreparableWorker[], order: ServeOrder): Promise<void> {
  if (!first) throw new Error('no worker serves');
  try {
    // One worker prepares first. The others need not try what the first refuses, such as a PIN, or what crashes it.
    await first.peer.call('prepare', order);
  } catch (error) {
    // If another process has killed the worker, the configuration is not to blame.
    if (others.length === 0 || !(error instanceof ChannelEnd) || !(await wasKilledByOthers(first))) throw error;
    await prepareAll(others, order);
    return;
  }
  const outcomes = await Promise.allSettled(others.map(({ peer }) => peer.call('prepare', order)));
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof ChannelEnd));
  // A worker that ends here does not refuse the configuration. Its successor starts with the configuration in force at that time.
  if (refusal?.status === 'rejected') throw refusal.reason;
}

async function wasKilledByOthers(worker: PreparableWorker): Promise<boolean> {
  const { signal } = await worker.ended;
  return signal === 'SIGKILL' && !worker.isKilled;
}
