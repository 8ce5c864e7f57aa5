import { formatMs, formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { joined } from '../../pages/parts.ts';
import { ofKeyStores, overTime, type Alert } from './alert.ts';
import { quantileMs } from './latency.ts';
import type { Recent } from './recent.ts';
import { isRefusal, isRetryable, type RequestCounts } from './requestCounts.ts';

/** Alerts on the counts of the last minutes. */
export const REQUEST_ALERTS: readonly Alert[] = [
  {
    name: 'XksProxyRetryableErrors',
    severity: 'critical',
    problem: 'Requests fail with errors that make KMS retry',
    cure: 'The HSM fails or is too slow, requests exceed the quota or the sessions, or the proxy cannot record requests. The log has each error with its details.',
    ...ofKeyStores(5, 0.01, (requests, { minutes }) => share(requests, requests.retryable, minutes, isRetryable)),
  },
  {
    name: 'XksProxyLatencyHigh',
    severity: 'warning',
    problem: 'Requests are slow: KMS gives up after 250 ms',
    cure: 'If the key manager is slow too, the HSM or its network is the cause. Otherwise, give the proxy more CPU or more workers.',
    ...ofKeyStores(5, 0.2, ({ latency }) => {
      const p99 = quantileMs(latency, 0.99) ?? 0;
      return { value: p99 / 1000, says: `one request in a hundred takes ${formatMs(p99)} or longer` };
    }),
  },
  {
    name: 'XksProxyRequestsAborted',
    severity: 'warning',
    problem: 'Clients give up before they get an answer',
    cure: 'KMS closes a connection after 250 ms. The HSM or the proxy is too slow, or the network loses packets.',
    ...ofKeyStores(5, 0.01, (requests, { minutes }) => share(requests, requests.aborted, minutes)),
  },
  {
    name: 'XksProxySessionsExhausted',
    severity: 'warning',
    problem: 'Operations wait for a session of their key manager',
    cure: 'The HSM is slow, or its key manager has too few sessions. Raise keyManagers[].pkcs11.sessions, or run more proxies.',
    ...overTime(5, 1, ({ samples }, limit) => {
      const states = samples.flatMap((sample) => [...sample.states]);
      return [...Map.groupBy(states, ([name]) => name)].flatMap(([name, its]) => {
        const waiting = its.reduce((sum, [, state]) => sum + (state.operationsWaiting ?? 0), 0) / its.length;
        return waiting > limit ? [`${name}: ${formatNumber(waiting)} operations wait on average`] : [];
      });
    }),
  },
  {
    name: 'XksProxyThrottling',
    severity: 'warning',
    problem: 'Requests are throttled',
    cure: 'If the quota is the reason, match it to the request quota of KMS. If sessions are the reason, see XksProxySessionsExhausted.',
    ...ofKeyStores(5, 0, ({ throttledByQuota, throttledBySessions }, { minutes }) => ({
      value: throttledByQuota + throttledBySessions,
      says: `${formatNumber(throttledByQuota)} by the quota and ${formatNumber(throttledBySessions)} for lack of a session ${inLast(minutes)}`,
    })),
  },
  {
    name: 'XksProxyNonRetryableErrors',
    severity: 'warning',
    problem: 'Requests are refused, so calls of KMS fail',
    cure: 'Keys are blocked, not configured or missing in the HSM, policies deny requests, or ciphertexts belong to other keys. The error names say which.',
    ...ofKeyStores(15, 0.05, (requests, { minutes }) => share(requests, requests.refused, minutes, isRefusal)),
  },
  {
    name: 'XksProxyAuthenticationFailures',
    severity: 'warning',
    problem: 'Requests have invalid signatures',
    cure: 'KMS uses a credential that the proxy does not have, the clock or server.regions is wrong, or another client sends requests. The log has its remoteAddress.',
    ...ofKeyStores(5, 0, ({ unverified }, { minutes }) => ({
      value: unverified,
      says: `${countOf(unverified, 'request')} ${inLast(minutes)}`,
    })),
  },
  {
    name: 'XksProxyUnauthenticatedRequests',
    severity: 'warning',
    problem: 'Many requests have no valid signature',
    cure: 'The source is a scanner, a load test, or KMS with another credential. Let only the load balancer reach the port.',
    ...overTime(5, 5, ({ unauthenticated, seconds }, limit) => aboveRate(unauthenticated, seconds, limit)),
  },
  {
    name: 'XksProxyConnectionsRefused',
    severity: 'warning',
    problem: 'Connections end before a request',
    cure: 'A client other than KMS uses the port, or a setting of the load balancer or of mTLS does not match. The log has reason and remoteAddress.',
    ...overTime(5, 1, ({ samples, seconds }, limit) => {
      const refused = samples.flatMap(({ refusedConnections }) => [...refusedConnections]);
      return [...Map.groupBy(refused, ([reason]) => reason)].flatMap(([reason, its]) =>
        aboveRate(sum(its.map(([, count]) => count)), seconds, limit).map((says) => `${reason}: ${says}`),
      );
    }),
  },
  {
    name: 'XksProxyAnswersUnrecorded',
    severity: 'critical',
    problem: 'Requests are answered without a record in the audit log',
    cure: 'The audit log cannot be written, and audit.onFailure is serve. Free space or mount its volume. Keep the log stream, because only it has these records.',
    ...overTime(15, 0, (recent, limit) => {
      const answers = sum(recent.samples.map(({ unrecorded }) => unrecorded));
      return answers > limit ? [`${countOf(answers, 'answer')} ${inLast(recent.minutes)}`] : [];
    }),
  },
  {
    name: 'XksProxyWorkerCrashLoop',
    severity: 'critical',
    problem: 'Worker processes keep ending',
    cure: 'If the proxy or the PKCS#11 library is new, go back to the version that worked. The log says how each worker ended.',
    ...overTime(15, 5, replaced),
  },
  {
    name: 'XksProxyWorkerRestarted',
    severity: 'warning',
    problem: 'Worker processes ended or hang',
    cure: 'The proxy replaces them, and KMS retries the lost requests. The log says how each worker ended.',
    minutes: 15,
    limit: 0,
    find: (facts) => {
      const hanging = facts.processes.filter(({ is }) => is === 'not answering');
      const { find } = overTime(15, 0, replaced);
      return [...hanging.map(({ pid }) => `The worker process ${pid ?? ''} does not answer`), ...find(facts)];
    },
  },
];

/** Describes the share of `count` requests, and the errors that it concerns. */
function share(
  { succeeded, failed, errors }: RequestCounts,
  count: number,
  minutes: number,
  concerns: (error: string) => boolean = () => true,
) {
  const all = succeeded + failed;
  const value = all === 0 ? 0 : count / all;
  const concerned = Object.entries(errors).filter(([name]) => concerns(name));
  const named = concerned.map(([name, its]) => `${formatNumber(its)} ${name}`);
  return {
    value,
    says: `${formatShare(value)} of ${countOf(all, 'request')} ${inLast(minutes)} (failed: ${joined(named)})`,
  };
}

function replaced({ samples, minutes }: Recent, limit: number): string[] {
  const restarts = sum(samples.map((sample) => sample.restarts));
  return restarts > limit ? [`${countOf(restarts, 'worker process', 'es')} replaced ${inLast(minutes)}`] : [];
}

function aboveRate(count: number, seconds: number, limit: number): string[] {
  const rate = seconds === 0 ? 0 : count / seconds;
  return rate > limit ? [`${formatNumber(rate)} a second`] : [];
}

function inLast(minutes: number): string {
  return `in the last ${minutes} minutes`;
}

function countOf(count: number, noun: string, plural = 's'): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : plural}`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
