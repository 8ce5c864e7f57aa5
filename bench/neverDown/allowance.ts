import type { Sent } from '../checkedLoad.ts';
import { NoAnswer } from './kmsClient.ts';
import type { Kill } from './proxyInstance.ts';

// The system closes the connections of a process when it has freed its memory.
const CLOSING_MS = 1_000;
const SLOW_MS = 5_000;

/**
 * Returns the reason why a request was allowed to fail, or undefined if it was not. The only reason is that its connection
 * broke because the worker was killed.
 */
export function allowance({ outcome, error }: Sent, kills: readonly Kill[]): string | undefined {
  if (outcome !== 'no answer' || !(error instanceof NoAnswer) || !error.flow) return undefined;
  const { address, target, openedAt, closedAt = Infinity } = error.flow;
  const kill = kills.find(({ instance, worker, at }) => {
    // If a connection had no answer, its worker is unknown.
    const itsWorker = instance.workerOf(address) ?? worker;
    return (
      instance === target && itsWorker === worker && openedAt <= at && closedAt >= at && closedAt - at < CLOSING_MS
    );
  });
  return kill && 'in flight on a connection of a killed worker';
}

/** Describes a failed request for the table. */
export function describeFailure({ outcome, error, took }: Sent): string {
  if (!(error instanceof NoAnswer)) return outcome;
  return `${outcome} (${error.code}${took > SLOW_MS ? `, after ${Math.round(took / 1_000)} s` : ''})`;
}
