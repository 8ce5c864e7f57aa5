import { setTimeout as sleep } from 'node:timers/promises';
import { CheckedLoad, type Sent } from './checkedLoad.ts';
import type { FaultClass, Outcome, Rule } from './faultClasses.ts';
import type { SupervisedProxy } from './supervisedProxy.ts';

export interface Measured {
  readonly fault: string;
  readonly keyManagers: number;
  readonly rule: Rule;
  readonly sent: number;
  /** How many requests had each outcome. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Answers that came after KMS had given up. */
  readonly late: number;
  /** What the rule does not allow; empty if all is well. */
  readonly violations: readonly string[];
}

// Connection set-up included, which keep-alive spares.
const KMS_WAITS_MS = 250;
const RECOVERY_MS = 30_000;
const POLL_MS = 100;

/** Injects the fault of a class under load, and goes on until the proxy is well again, at least for `seconds`. */
export async function measureFault(
  proxy: SupervisedProxy,
  fault: FaultClass,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Measured> {
  const [module] = proxy.modules;
  const restarted = proxy.restarted();
  const load = new CheckedLoad(proxy, rate);
  module?.inject(...fault.faults);
  const startedAt = performance.now();
  if (fault.endsProcess) await restarted;
  else await sleep((fault.seconds ?? seconds) * 1_000);
  module?.clear();
  const liftedAt = performance.now();
  const isWell = await becomesWell(proxy);
  // To see that all is well indeed.
  await sleep(Math.max(seconds * 250, startedAt + seconds * 1_000 - performance.now()));
  await load.stop();

  const rule = proxy.modules.length === 1 ? fault.single : fault.replicated;
  const outcomes = new Map<Outcome, number>();
  for (const { outcome } of load.sent) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  return {
    fault: fault.name,
    keyManagers: proxy.modules.length,
    rule,
    sent: load.sent.length,
    outcomes,
    late: load.sent.filter(({ took }) => took > KMS_WAITS_MS).length,
    violations: [...violationsOf(rule, load.sent, liftedAt), ...(isWell ? [] : ['a key manager did not come back'])],
  };
}

async function becomesWell(proxy: SupervisedProxy): Promise<boolean> {
  for (let waited = 0; waited < RECOVERY_MS; waited += POLL_MS) {
    if (await proxy.isWell()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function violationsOf({ outcomes, atMost = Infinity }: Rule, sent: readonly Sent[], liftedAt: number): string[] {
  // As KMS sees it, the end of a fault is the first success after it.
  const endedAt = Math.min(...sent.flatMap(({ at, outcome }) => (outcome === 'ok' && at >= liftedAt ? [at] : [])));
  const failed = sent.filter(({ outcome }) => outcome !== 'ok');
  const allowed = failed.filter(({ at, outcome }) => outcomes.includes(outcome) && at < endedAt);
  const others = failed.filter((each) => !allowed.includes(each));
  return [
    ...new Set(others.map(({ at, outcome }) => (at < endedAt ? outcome : `${outcome} after the end`))),
    ...(allowed.length > atMost ? [`${allowed.length} failures`] : []),
  ];
}
