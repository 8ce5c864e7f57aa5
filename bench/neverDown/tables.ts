import type { Sent } from '../checkedLoad.ts';
import { table } from '../table.ts';
import { allowance, describeFailure } from './allowance.ts';
import type { TreeFigures } from '../processTree.ts';
import type { Kill } from './proxyInstance.ts';

export interface PhaseRequests {
  readonly phase: string;
  /** Requests that began in the phase. */
  readonly sent: readonly Sent[];
}

// The limit includes connection set-up, which keep-alive avoids.
const KMS_WAITS_MS = 250;

/** Formats one row for each phase. */
export function phaseTable(phases: readonly PhaseRequests[], kills: readonly Kill[]): string {
  const rows = phases.map(({ phase, sent }) => {
    const failed = sent.filter(({ outcome }) => outcome !== 'ok');
    const verdicts = failed.map((each) => allowance(each, kills) ?? 'NOT ALLOWED');
    const times = sent.map(({ took }) => took).sort((a, b) => a - b);
    return [
      phase,
      sent.length,
      sent.length - failed.length,
      count(failed.map(describeFailure)),
      failed.length === 0 ? '' : count(verdicts),
      (times[Math.floor(times.length * 0.99)] ?? NaN).toFixed(1),
      times.filter((took) => took > KMS_WAITS_MS).length,
    ];
  });
  return table(['phase', 'sent', 'ok', 'failed', 'allowed?', 'p99 ms', 'over 250 ms'], rows);
}

/** Formats one row for each process, idle before and after the load. */
export function processTable(
  before: ReadonlyMap<string, TreeFigures>,
  after: ReadonlyMap<string, TreeFigures>,
): string {
  const rows = [...new Set([...before.keys(), ...after.keys()])].map((name) => {
    const [first, last] = [before.get(name), after.get(name)];
    const memory = [first, last].map((each) => each?.residentMemory.toFixed(0) ?? '-');
    return [name, ...memory, first?.fileDescriptors ?? '-', last?.fileDescriptors ?? '-'];
  });
  return table(['process', 'MiB before', 'MiB after', 'descriptors before', 'descriptors after'], rows);
}

function count(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, times]) => `${times} ${text}`).join(', ') || '0';
}
