import { missingAnswer } from './causes.ts';
import { NotRun, Unmet, type CaseResult, type Cause, type ConformanceCase, type Outcome } from './conformanceCase.ts';
import { printable } from './describeExchange.ts';
import { Probe } from './probe.ts';
import { isSameRefusal, type RefusedRoundTrip } from './roundTrip.ts';
import { NoAnswer, type Answer } from '../xksClient/sendRequest.ts';
import type { Target } from '../xksClient/target.ts';

/**
 * Runs one case. `refusals` gathers the error answers of the whole run. If the basic round trip was refused, a case that fails
 * with the same answer is blocked.
 */
export async function runCase(
  target: Target,
  section: string,
  conformanceCase: ConformanceCase,
  refusals: Answer[],
  refused?: RefusedRoundTrip,
): Promise<CaseResult> {
  const { id, level, title, expected } = conformanceCase;
  const probe = new Probe(target, refusals);
  const started = performance.now();
  let outcome: Outcome = 'pass';
  let got: string | undefined;
  let cause: Cause | undefined;
  try {
    await conformanceCase.run(probe);
  } catch (error) {
    // Any other error in a case is also caused by the proxy's answer.
    outcome = error instanceof NotRun ? 'skipped' : 'fail';
    got = printable(error instanceof Error ? error.message : String(error));
    if (error instanceof Unmet) cause = error.sharedCause;
    if (error instanceof NoAnswer) cause = missingAnswer(got);
    if (outcome === 'fail' && refused && probe.last && isSameRefusal(refused, probe.last.path, probe.last.answer)) {
      outcome = 'blocked';
      got = `${refused.operation} is refused: ${got}`;
    }
  }
  return {
    id,
    section,
    level,
    title,
    outcome,
    expected,
    got: got ?? probe.exchanges.at(-1)?.got ?? '',
    ...(cause && outcome === 'fail' && { cause }),
    exchanges: probe.exchanges,
    durationMs: performance.now() - started,
  };
}

/** Returns the result of a case that did not run. */
export function notRun(section: string, { id, level, title, expected }: ConformanceCase, got: string): CaseResult {
  return { id, section, level, title, outcome: 'skipped', expected, got, exchanges: [], durationMs: 0 };
}
