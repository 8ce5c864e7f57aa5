import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALERTS, findAttention } from '../../../../src/monitoring/status/attention.ts';
import type { Sample } from '../../../../src/monitoring/status/sample.ts';
import { factsOf, NOW, requestsOf, sampleOf, type Given } from '../../../support/statusFactsOf.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const DAY = 86_400;
const HEALTH = 'xks_proxy_key_manager_health';
const EXPIRY = 'xks_proxy_certificate_expiry_timestamp_seconds';
const SECONDS = NOW / 1000;
const OF_LOG = { log: 'a/main' };

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
}
const file = readFileSync(join(ROOT, 'deploy/prometheus/xks-proxy.rules.yml'), 'utf8');
const rules = (parse(file) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

/** Alerts that the page lacks, with the reason. */
const OF_PROMETHEUS_ALONE: Readonly<Record<string, string>> = {
  XksProxyAbsent: 'a proxy that is down has no page',
  XksProxyDown: 'a proxy that is down has no page',
  XksProxyFleetIncomplete: 'a proxy does not know of the others',
  XksProxyOldKeyVersionUsed: 'normal for months; and there may be thousands of versions',
  XksProxyCredentialUnused: 'takes the memory of weeks',
  XksProxyCredentialOld: 'takes the memory of months',
};

describe('the alerts', () => {
  it('are those of the rules, except those with a reason', () => {
    const known = [...ALERTS.map(({ name }) => name), ...Object.keys(OF_PROMETHEUS_ALONE)];
    expect(known.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  });

  it.each(ALERTS)('$name has the severity, limit and time of its rule', ({ name, severity, limit, minutes }) => {
    const rule = rules.find(({ alert }) => alert === name);
    expect(severity).toBe(rule?.labels.severity);
    const compared = /[<>] ([\d.]+(?: \* \d+)?)$/.exec(rule?.expr.trim() ?? '')?.[1];
    const expected = compared?.split(' * ').reduce((product, factor) => product * Number(factor), 1);
    expect(limit).toBe(expected);
    const times = [...(rule?.expr.matchAll(/\[(\d+)m\]/g) ?? [])].map(([, time]) => Number(time));
    expect([...new Set(times)]).toEqual(minutes === undefined ? [] : [minutes]);
  });

  it.each(ALERTS)('$name has texts that end as sentences, and a section in the guide', ({ name, problem, cure }) => {
    expect(problem).toMatch(/^[A-Z].*[^.]$/);
    expect(cure).toMatch(/^[A-Z].*\.$/);
    expect(readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8')).toContain(`### ${name}\n`);
  });
});

describe('the attention list', () => {
  const cases: [name: string, given: Given, changed: Partial<Sample>, expected: readonly string[]][] = [
    ['nothing', [[EXPIRY, { certificate: 'server', subject: 'CN=a' }, SECONDS + 31 * DAY]], {}, []],
    [
      'an expired certificate',
      [[EXPIRY, { certificate: 'server', subject: 'CN=a' }, SECONDS - 2 * DAY]],
      {},
      ['fail XksProxyCertificateExpiresSoon CN=a (server) expired 2 days ago'],
    ],
    [
      'a certificate with 9 days, and one with 20',
      [
        [EXPIRY, { certificate: 'chain', subject: 'CN=a' }, SECONDS + 20 * DAY],
        [EXPIRY, { certificate: 'client_ca', subject: 'CN=b' }, SECONDS + 9 * DAY],
      ],
      {},
      [
        'fail XksProxyCertificateExpiresSoon CN=b (client_ca) expires in 9 days',
        'warn XksProxyCertificateExpires CN=a (chain) expires in 20 days',
      ],
    ],
    [
      'a lost key manager and a slow one',
      [
        [HEALTH, { key_manager: 'a', status: 'UNAVAILABLE' }, 1],
        [HEALTH, { key_manager: 'b', status: 'DEGRADED' }, 1],
      ],
      {},
      [
        'warn XksProxyKeyManagerUnavailable a is UNAVAILABLE: it is gone',
        'warn XksProxyKeyManagerDegraded b is DEGRADED',
      ],
    ],
    [
      'a key store that is not served',
      [['xks_proxy_key_store_serving', { key_store: 's' }, 0]],
      {},
      ['fail XksProxyKeyStoreNotServing s: no key manager can serve'],
    ],
    [
      'records that cannot be written',
      [['xks_proxy_recording_failing', {}, 1]],
      {},
      ['fail XksProxyRecordingFailing '],
    ],
    [
      'an audit log that fails',
      [['xks_proxy_audit_failing', OF_LOG, 1]],
      {},
      ['fail XksProxyAuditLogFailing a/main: accepts no records'],
    ],
    [
      'an old checkpoint',
      [['xks_proxy_audit_last_checkpoint_timestamp_seconds', OF_LOG, SECONDS - 360]],
      {},
      ['warn XksProxyCheckpointOld a/main: the last one is 6 min old'],
    ],
    [
      'a sealed log',
      [['xks_proxy_audit_sealed_logs', OF_LOG, 2]],
      {},
      ['warn XksProxyAuditLogSealed a/main: 2 in its slot'],
    ],
    [
      'answers without records',
      [],
      { unrecorded: 3 },
      ['fail XksProxyAnswersUnrecorded 3 answers in the last 15 minutes'],
    ],
    [
      'an unreadable block list',
      [['xks_proxy_block_list_unreadable', {}, 1]],
      {},
      ['fail XksProxyBlockListUnreadable '],
    ],
    [
      'a key that can leave',
      [
        [
          'xks_proxy_key_unprotected',
          { key_store: 's', external_key_id: 'k', key_version: '1', problem: 'not_sensitive' },
          1,
        ],
        [
          'xks_proxy_key_unprotected',
          { key_store: 's', external_key_id: 'k', key_version: '2', problem: 'not_sensitive' },
          1,
        ],
      ],
      {},
      ['fail XksProxyKeyUnprotected s: k is not sensitive'],
    ],
    [
      'a refused configuration',
      [['xks_proxy_config_last_reload_successful', {}, 0]],
      {},
      ['warn XksProxyConfigReloadFailed '],
    ],
    [
      'a replaced worker',
      [],
      { restarts: 1 },
      ['warn XksProxyWorkerRestarted 1 worker process replaced in the last 15 minutes'],
    ],
    [
      'workers that end again and again',
      [],
      { restarts: 6 },
      [
        'fail XksProxyWorkerCrashLoop 6 worker processes replaced in the last 15 minutes',
        'warn XksProxyWorkerRestarted 6 worker processes replaced in the last 15 minutes',
      ],
    ],
    [
      'connections without a request',
      [],
      {
        refusedConnections: new Map([
          ['tls', 6],
          ['http', 5],
        ]),
      },
      ['warn XksProxyConnectionsRefused tls: 1.2 a second'],
    ],
    [
      'operations that wait',
      [],
      { states: new Map([['a', { status: 'ACTIVE', sessions: 1, sessionsInUse: 1, operationsWaiting: 2 }]]) },
      ['warn XksProxySessionsExhausted a: 2 operations wait on average'],
    ],
  ];
  it.each(cases)('contains %s', (_name, given, changed, expected) => {
    const changes = [{ status: 'UNAVAILABLE', detail: 'it is gone', agoMs: 1 }] as const;
    const readiness = { ready: true, problems: [] };
    const report = { is: 'serving', name: 'main', pid: 1, readiness } as const;
    const processes = [{ ...report, keyManagers: [{ name: 'a', changes }] }];
    const facts = factsOf(given, { processes, samples: [sampleOf(changed)] });
    expect(texts(facts)).toEqual(expected);
  });

  it.each([
    [{ succeeded: 99, retryable: 1 }, []],
    [
      { succeeded: 98, retryable: 2, errors: { InternalException: 2 } },
      ['fail XksProxyRetryableErrors s: 2.0 % of 100 requests in the last 5 minutes (failed: 2 InternalException)'],
    ],
    [
      { succeeded: 98, aborted: 2, errors: { aborted: 2 } },
      ['warn XksProxyRequestsAborted s: 2.0 % of 100 requests in the last 5 minutes (failed: 2 aborted)'],
    ],
    [
      { succeeded: 94, refused: 6, errors: { AccessDeniedException: 6 } },
      [
        'warn XksProxyNonRetryableErrors s: 6.0 % of 100 requests in the last 15 minutes (failed: 6 AccessDeniedException)',
      ],
    ],
    [
      { succeeded: 90, retryable: 4, refused: 6, errors: { DependencyTimeoutException: 4, KeyNotFoundException: 6 } },
      [
        'fail XksProxyRetryableErrors s: 4.0 % of 100 requests in the last 5 minutes (failed: 4 DependencyTimeoutException)',
        'warn XksProxyNonRetryableErrors s: 6.0 % of 100 requests in the last 15 minutes (failed: 6 KeyNotFoundException)',
      ],
    ],
    [{ succeeded: 100, unverified: 1 }, ['warn XksProxyAuthenticationFailures s: 1 request in the last 5 minutes']],
    [{ unauthenticated: 26 }, ['warn XksProxyUnauthenticatedRequests 5.2 a second']],
    [
      { succeeded: 100, throttledByQuota: 1, throttledBySessions: 2 },
      ['warn XksProxyThrottling s: 1 by the quota and 2 for lack of a session in the last 5 minutes'],
    ],
    [
      { latency: Array.from({ length: 14 }, (_, bucket) => (bucket === 13 ? 1 : 0)) },
      ['warn XksProxyLatencyHigh s: one request in a hundred takes 1000 ms or longer'],
    ],
  ])('for requests with %j is %j', (requests, expected) => {
    const samples = [sampleOf({ keyStores: new Map([['s', requestsOf(requests)]]) })];
    expect(texts(factsOf([], { samples }))).toEqual(expected);
  });

  it('omits events of more than 15 minutes ago, and errors of requests without a key store', () => {
    const old = sampleOf({
      at: NOW - 16 * 60_000,
      restarts: 9,
      keyStores: new Map([['s', requestsOf({ retryable: 9 })]]),
    });
    const none = sampleOf({ keyStores: new Map([['none', requestsOf({ refused: 9 })]]) });
    expect(texts(factsOf([], { samples: [old, none] }))).toEqual([]);
  });

  it('contains a process that does not answer', () => {
    const facts = factsOf([], { processes: [{ is: 'not answering', pid: 7 }] });
    expect(texts(facts)).toEqual(['warn XksProxyWorkerRestarted The worker process 7 does not answer']);
  });
});

function texts(facts: Parameters<typeof findAttention>[0]): string[] {
  return findAttention(facts).map(({ level, alert, subjects }) => `${level} ${alert.name} ${subjects.join('; ')}`);
}
