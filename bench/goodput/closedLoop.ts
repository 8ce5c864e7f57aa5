import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '../../test/support/knownKey.ts';
import { outcomeOf, type Sent } from '../checkedLoad.ts';
import type { SupervisedProxy } from '../supervisedProxy.ts';

/** Each client of a mix sends encryptions and decryptions in turn. */
export type Operation = Probe['operation'] | 'mix';

export interface Clients {
  readonly count: number;
  /** Pause between an answer and the next request. */
  readonly pauseMs: number;
}

export interface SentByClient extends Sent {
  readonly operation: Probe['operation'];
}

export interface LoopOutcome {
  /** Requests that ended in the measured time. */
  readonly sent: readonly SentByClient[];
  /** Wrong answers at any time. */
  readonly wrong: number;
  readonly seconds: number;
  /** Share of the measured time in which this process, which runs the clients, was busy. */
  readonly generatorBusy: number;
}

// Time that is not measured, because all clients begin at once.
const RAMP_MS = 1_000;

/** Runs clients that each wait for an answer before the next request. Resolves when all answers have arrived. */
export async function runClosedLoop(
  proxy: SupervisedProxy,
  operation: Operation,
  { count, pauseMs }: Clients,
  seconds: number,
): Promise<LoopOutcome> {
  const from = performance.now() + RAMP_MS;
  const to = from + seconds * 1_000;
  const all: SentByClient[] = [];
  const runClient = async (index: number) => {
    const operations = operation === 'mix' ? (['encrypt', 'decrypt'] as const) : [operation];
    const requests = operations.map((each) => {
      const probe = proxy.probe(each);
      return { probe, signed: proxy.sign(probe) };
    });
    for (let turn = index; performance.now() < to; turn += 1) {
      const request = requests[turn % requests.length];
      if (!request) return;
      const sent = await outcomeOf(request.probe, () => proxy.send(request.signed));
      all.push({ ...sent, operation: request.probe.operation });
      await sleep(pauseMs);
    }
  };
  const clients = Promise.all(Array.from({ length: count }, (_, index) => runClient(index)));
  await sleep(RAMP_MS);
  const before = performance.eventLoopUtilization();
  await sleep(to - performance.now());
  const { utilization } = performance.eventLoopUtilization(before);
  await clients;
  const inTime = ({ at, took }: Sent) => at + took >= from && at + took < to;
  const wrong = all.filter(({ outcome }) => outcome === 'wrong answer').length;
  return { sent: all.filter(inTime), wrong, seconds, generatorBusy: utilization };
}
