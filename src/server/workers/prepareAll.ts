import type { ServeOrder } from '../serving.ts';
import { ChannelEnd } from './remoteCalls.ts';
import type { SupervisedWorker } from './supervisedWorker.ts';

/** Has workers make ready to go over to another configuration. Throws, when all have answered, what one refused it for. */
export async function prepareAll(
  [first, ...others]: readonly Pick<SupervisedWorker, 'calls'>[],
  order: ServeOrder,
): Promise<void> {
  if (!first) throw new Error('no worker serves');
  // One at first: what it refuses, a PIN perhaps, or does not survive, the others need not try.
  await first.calls.call('prepare', order);
  const outcomes = await Promise.allSettled(others.map(({ calls }) => calls.call('prepare', order)));
  const refusal = outcomes.find((outcome) => outcome.status === 'rejected' && !(outcome.reason instanceof ChannelEnd));
  // One of these that ends refuses nothing: its successor starts with what is in force then.
  if (refusal?.status === 'rejected') throw refusal.reason;
}
