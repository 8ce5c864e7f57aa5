import type { ServeOrder } from '../serving.ts';
import { ChannelEnd } from '../../messaging/peer.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type PreparableWorker = Pick<SupervisedWorker, 'peer' | 'ended' | 'isKilled'>;

/** Has workers make ready to go over to another configuration. When all have answered, throws what one of them refused it for. */
export async function prepareAll([first, ...others]: readonly PreparableWorker[], order: ServeOrder): Promise<void> {
  if (!first) throw new Error('no worker serves');
  try {
    // One first: the others need not try what it refuses, such as a PIN, or does not survive.
    await first.peer.call('prepare', order);
  } catch (error) {
    // If someone else has killed the worker, the configuration is not to blame.
    if (others.length === 0 || !(error instanceof ChannelEnd) || !(await wasKilledByOthers(first))) throw error;
    await prepareAll(others, order);
    return;
  }
  const outcomes = await Promise.allSettled(others.map(({ peer }) => peer.call('prepare', order)));
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof ChannelEnd));
  // A worker that ends here refuses nothing: its successor starts with what is in force then.
  if (refusal?.status === 'rejected') throw refusal.reason;
}

async function wasKilledByOthers(worker: PreparableWorker): Promise<boolean> {
  const { signal } = await worker.ended;
  return signal === 'SIGKILL' && !worker.isKilled;
}
