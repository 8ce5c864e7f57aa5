import type { ServeOrder } from '../serving.ts';
import { ChannelEnd } from '../../messaging/remoteCalls.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

type PreparableWorker = Pick<SupervisedWorker, 'calls' | 'ended' | 'isKilled'>;

/** Has workers make ready to go over to another configuration. Throws, when all have answered, what one refused it for. */
export async function prepareAll([first, ...others]: readonly PreparableWorker[], order: ServeOrder): Promise<void> {
  if (!first) throw new Error('no worker serves');
  try {
    // One at first: what it refuses, a PIN perhaps, or does not survive, the others need not try.
    await first.calls.call('prepare', order);
  } catch (error) {
    // The configuration is not to blame for what somebody else has killed.
    if (others.length === 0 || !(error instanceof ChannelEnd) || !(await wasKilledByOthers(first))) throw error;
    await prepareAll(others, order);
    return;
  }
  const outcomes = await Promise.allSettled(others.map(({ calls }) => calls.call('prepare', order)));
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof ChannelEnd));
  // One of these that ends refuses nothing: its successor starts with what is in force then.
  if (refusal?.status === 'rejected') throw refusal.reason;
}

async function wasKilledByOthers(worker: PreparableWorker): Promise<boolean> {
  const { signal } = await worker.ended;
  return signal === 'SIGKILL' && !worker.isKilled;
}
