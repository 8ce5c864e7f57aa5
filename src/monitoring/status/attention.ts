import type { Level } from '../../pages/parts.ts';
import type { Alert } from './alert.ts';
import { REQUEST_ALERTS } from './requestAlerts.ts';
import { STATE_ALERTS } from './stateAlerts.ts';
import type { StatusFacts } from './statusFacts.ts';

/** The alerts of deploy/prometheus/xks-proxy.rules.yml that a proxy can judge alone. */
export const ALERTS: readonly Alert[] = [...STATE_ALERTS, ...REQUEST_ALERTS];

/** An alert that has been raised. */
export interface Attention {
  readonly level: Exclude<Level, 'pass'>;
  readonly alert: Alert;
  /** Objects that have the problem. */
  readonly subjects: readonly string[];
}

/** Finds conditions that need attention, worst first. Unlike Prometheus, it does not wait until a condition has lasted. */
export function findAttention(facts: StatusFacts): Attention[] {
  const raised = ALERTS.flatMap((alert): Attention[] => {
    const subjects = alert.find(facts);
    const level = alert.severity === 'critical' ? 'fail' : 'warn';
    return subjects.length === 0 ? [] : [{ level, alert, subjects: subjects.filter((subject) => subject !== '') }];
  });
  return raised.sort((one, other) => Number(one.level === 'warn') - Number(other.level === 'warn'));
}
