import { setTimeout as sleep } from 'node:timers/promises';
import { CheckedLoad, type Sent } from './checkedLoad.ts';
import type { FaultClass, Outcome, Rule } from './faultClasses.ts';
import type { SupervisedProxy } from './supervisedProxy.ts';
import { until } from './until.ts';

export interface Measured {
  readonly fault: string;
  readonly keyManagers: number;
  readonly rule: Rule;
  readonly sent: number;
  /** Number of requests with each outcome. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Answers that arrived after KMS had given up. */
  readonly late: number;
  /** Failures that the rule does not allow. */
  readonly violations: readonly string[];
}

// The limit includes connection set-up, which keep-alive avoids.
const KMS_WAITS_MS = 250;
const POLL_MS = 100;

/** Injects the fault of a class under load. Continues until the proxy is healthy again, but for at least `seconds`. */
export async function measureFault(
  proxy: SupervisedProxy,
  fault: FaultClass,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Measured> {
  const [hsm] = proxy.hsms;
  if (!hsm) throw new Error('a proxy without an HSM');
  const restarted = proxy.restarted();
  const load = new CheckedLoad(proxy, rate);
  hsm.module.inject(...(fault.faults ?? []));
  const lift = fault.strikes?.(hsm);
  const startedAt = performance.now();
  let noticedAt = Infinity;
  if (fault.endsProcess) await restarted;
  else noticedAt = await watch(proxy, (fault.seconds ?? seconds) * 1_000);
  lift?.();
  hsm.module.clear();
  const notOver: string[] = [];
  const awaitEnd = (what: string, holds: () => boolean | Promise<boolean>) =>
    until(what, holds).catch((error: unknown) => notOver.push(String(error)));
  await awaitEnd('the HSM is mended', () => fault.isMended?.(hsm) ?? true);
  const liftedAt = performance.now();
  await awaitEnd('all serve again', async () => endOf(load.sent, liftedAt) < Infinity && (await proxy.isWell()));
  // Shows that the proxy stays healthy.
  await sleep(Math.max(seconds * 250, startedAt + seconds * 1_000 - performance.now()));
  await load.stop();

  const rule = proxy.hsms.length === 1 ? fault.single : fault.replicated;
  const outcomes = new Map<Outcome, number>();
  for (const { outcome } of load.sent) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  return {
    fault: fault.name,
    keyManagers: proxy.hsms.length,
    rule,
    sent: load.sent.length,
    outcomes,
    late: load.sent.filter(({ took }) => took > KMS_WAITS_MS).length,
    violations: [...notOver, ...violationsOf(rule, load.sent, { noticedAt, liftedAt })],
  };
}

/** Waits. Returns the time, by performance.now(), when the proxy first reported an unavailable HSM; Infinity if it did not. */
async function watch(proxy: SupervisedProxy, milliseconds: number): Promise<number> {
  const endsAt = performance.now() + milliseconds;
  let noticedAt = Infinity;
  while (performance.now() < endsAt) {
    if (noticedAt === Infinity && !(await proxy.isWell())) noticedAt = performance.now();
    await sleep(Math.max(0, Math.min(POLL_MS, endsAt - performance.now())));
  }
  return noticedAt;
}

/** Returns the end of a fault as KMS sees it, which is the first success after it. Infinity if there is none. */
function endOf(sent: readonly Sent[], liftedAt: number): number {
  return Math.min(...sent.flatMap(({ at, outcome }) => (outcome === 'ok' && at >= liftedAt ? [at] : [])));
}

function violationsOf(
  { outcomes, untilNoticed = [], atMost = Infinity }: Rule,
  sent: readonly Sent[],
  { noticedAt, liftedAt }: { readonly noticedAt: number; readonly liftedAt: number },
): string[] {
  const endedAt = endOf(sent, liftedAt);
  const failed = sent.filter(({ outcome }) => outcome !== 'ok');
  const isAllowed = ({ at, outcome }: Sent) =>
    (outcomes.includes(outcome) && at < endedAt) ||
    (untilNoticed.includes(outcome) && at < Math.min(noticedAt, endedAt));
  const allowed = failed.filter(isAllowed);
  const others = failed.filter((each) => !allowed.includes(each));
  return [
    ...(untilNoticed.length > 0 && noticedAt === Infinity ? ['never UNAVAILABLE'] : []),
    ...new Set(
      others.map(({ at, outcome }) => {
        if (at >= endedAt) return `${outcome} after the end`;
        return untilNoticed.includes(outcome) ? `${outcome} after it was noticed` : outcome;
      }),
    ),
    ...(allowed.length > atMost ? [`${allowed.length} failures`] : []),
  ];
}
