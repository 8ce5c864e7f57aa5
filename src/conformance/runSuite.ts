import { setTimeout as delay } from 'node:timers/promises';
import { findCauses } from './causes.ts';
import type { CaseResult, ConformanceCase, Section } from './conformanceCase.ts';
import { Probe } from './probe.ts';
import type { ConformanceReport } from './report/conformanceReport.ts';
import { notRun, runCase } from './runCase.ts';
import { tryRoundTrip } from './roundTrip.ts';
import { BrokenAnswer, NoAnswer, type Answer } from '../xksClient/sendRequest.ts';
import type { Target } from '../xksClient/target.ts';
import { timeOperations } from './timing.ts';

export interface RunOptions {
  readonly sections: readonly Section[];
  /** Number of requests of each operation to time. */
  readonly requests: number;
  /** Ends the run with the signal's reason. */
  readonly stop: AbortSignal;
  /** Called with the current section or operation, and the progress in it. */
  readonly onProgress: (phase: string, detail: string) => void;
}

// A supervisor may need a moment to restart a proxy that has crashed.
const REVIVAL_ATTEMPTS = 4;
const REVIVAL_DELAY_MS = 500;

/** Runs cases, timing, and last the cases that may crash the proxy. Throws NoAnswer if the proxy cannot be reached at all. */
export async function runSuite(target: Target, options: RunOptions): Promise<ConformanceReport> {
  const { sections, requests, stop, onProgress } = options;
  await requireAnswer(target);

  const refused = await tryRoundTrip(target);
  if (refused) onProgress(`basic round trip: ${refused.operation} is refused: ${refused.advice}`, refused.got);

  const startedAt = target.clock();
  const started = performance.now();
  const refusals: Answer[] = [];
  const results = new Map<ConformanceCase, CaseResult>();
  let stopped: string | undefined;

  const all = sections.flatMap(({ name, cases }) => cases.map((one) => ({ section: name, one })));
  const runAll = async (chosen: typeof all) => {
    for (const { section, one } of chosen) {
      stop.throwIfAborted();
      onProgress(section, `case ${results.size + 1} of ${all.length}`);
      if (stopped) {
        results.set(one, notRun(section, one, 'the proxy no longer answers'));
        continue;
      }
      const result = await runCase(target, section, one, refusals, refused);
      const died = result.outcome === 'fail' && !(await isAnswering(target));
      if (died) stopped = `The proxy has not answered since the case ${one.id}.`;
      results.set(one, died ? { ...result, got: `${result.got}; and the proxy no longer answers` } : result);
    }
  };

  await runAll(all.filter(({ one }) => !one.disruptive));
  const timings =
    requests > 0 && !stopped
      ? await timeOperations(target, requests, stop, (operation, done) => {
          onProgress(`timing ${operation}`, `request ${done} of ${requests}`);
        })
      : [];
  await runAll(all.filter(({ one }) => one.disruptive));

  const { endpoint, keyStore, region } = target;
  return {
    target: { endpoint: endpoint.url.origin, uriPath: keyStore.uriPath, keyId: keyStore.keyId, region },
    startedAt: new Date(startedAt).toISOString(),
    durationMs: performance.now() - started,
    stopped,
    refused,
    causes: findCauses([...results.values()]),
    sections: sections.map(({ name, title, source, cases }) => ({
      name,
      title,
      source,
      results: cases.flatMap((one) => results.get(one) ?? []),
    })),
    timings,
  };
}

async function isAnswering(target: Target): Promise<boolean> {
  for (let attempt = 1; attempt <= REVIVAL_ATTEMPTS; attempt += 1) {
    try {
      await requireAnswer(target);
      return true;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      await delay(REVIVAL_DELAY_MS);
    }
  }
  return false;
}

/** Throws NoAnswer unless an answer begins. An answer that is too large or too slow makes cases fail, but not the run. */
async function requireAnswer(target: Target): Promise<void> {
  try {
    await new Probe(target, []).store.call('health');
  } catch (error) {
    if (!(error instanceof BrokenAnswer)) throw error;
  }
}
