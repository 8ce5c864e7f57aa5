import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MetricsSnapshot } from '../../../../src/monitoring/metrics/metricsSnapshot.ts';
import { findAttention } from '../../../../src/monitoring/status/attention.ts';
import { MetricReader } from '../../../../src/monitoring/status/metricReader.ts';
import { SHOWN_METRICS, statusFacts, type StatusFacts } from '../../../../src/monitoring/status/statusFacts.ts';
import { statusPage } from '../../../../src/monitoring/status/statusPage.ts';

const HOSTILE = '"><img src=x onerror=alert(1)>\'</script>';
const NOW = Date.parse('2026-01-02T03:04:05Z');
const DAY = 86_400;

type Given = readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[];

function factsOf(given: Given, changed: Partial<StatusFacts> = {}): StatusFacts {
  const metrics = [...Map.groupBy(given, ([name]) => name)].map(([name, series]) => ({
    name,
    help: '',
    type: 'gauge',
    aggregator: 'sum',
    values: series.map(([, labels, value]) => ({ labels, value })),
  }));
  return statusFacts({
    hostname: 'proxy-1',
    pid: 1,
    version: '1.2.3',
    now: NOW,
    readiness: { ready: true, problems: [] },
    processes: [],
    metrics: new MetricReader(metrics as unknown as MetricsSnapshot),
    samples: [],
    bins: Array.from({ length: 90 }, () => []),
    ...changed,
  });
}

const HEALTH = 'xks_proxy_key_manager_health';
const EXPIRY = 'xks_proxy_certificate_expiry_timestamp_seconds';

it('is ready and shows nothing to look at while all is well', () => {
  const page = statusPage(
    factsOf([
      [HEALTH, { key_manager: 'softhsm', status: 'ACTIVE' }, 1],
      [EXPIRY, { certificate: 'server', subject: 'CN=a', serial_number: '1' }, NOW / 1000 + 31 * DAY],
    ]),
  );
  expect(page).toContain('<h2>Ready</h2>');
  expect(page).toContain('<title>Ready: proxy-1, xks-proxy status</title>');
  expect(page).not.toMatch(/Critical|Warning/);
});

it('says why it is not ready', () => {
  const page = statusPage(factsOf([], { readiness: { ready: false, problems: ['the HSM is gone'] } }));
  expect(page).toContain('<h2>Not ready</h2>');
  expect(page).toContain('The HSM is gone');
  expect(page).toContain('<title>NOT READY: ');
});

describe('what is to be looked at', () => {
  const log = { log: 'a/main' };
  it.each<[string, Given, string]>([
    [
      'an expired certificate',
      [[EXPIRY, { certificate: 'server', subject: 'CN=a' }, NOW / 1000 - 2 * DAY]],
      'fail The certificate of CN=a (server) expired 2 days ago',
    ],
    [
      'a certificate with 9 days',
      [[EXPIRY, { certificate: 'client_ca', subject: 'CN=a' }, NOW / 1000 + 9 * DAY]],
      'fail The certificate of CN=a (client_ca) expires in 9 days',
    ],
    [
      'a certificate with 20 days',
      [[EXPIRY, { certificate: 'chain', subject: 'CN=a' }, NOW / 1000 + 20 * DAY]],
      'warn The certificate of CN=a (chain) expires in 20 days',
    ],
    [
      'a lost key manager',
      [[HEALTH, { key_manager: 'a', status: 'UNAVAILABLE' }, 1]],
      'fail Key manager a is UNAVAILABLE: it is gone',
    ],
    ['a slow key manager', [[HEALTH, { key_manager: 'b', status: 'DEGRADED' }, 1]], 'warn Key manager b is DEGRADED'],
    [
      'an audit log that fails',
      [
        ['xks_proxy_audit_tree_size', log, 1],
        ['xks_proxy_audit_failing', log, 1],
        ['xks_proxy_audit_last_checkpoint_timestamp_seconds', log, NOW / 1000],
      ],
      'fail Records cannot be written to the audit log a/main',
    ],
    [
      'an old checkpoint',
      [
        ['xks_proxy_audit_tree_size', log, 1],
        ['xks_proxy_audit_last_checkpoint_timestamp_seconds', log, NOW / 1000 - 360],
      ],
      'warn The last checkpoint of the audit log a/main is 6 min old',
    ],
    [
      'a sealed log',
      [
        ['xks_proxy_audit_tree_size', log, 1],
        ['xks_proxy_audit_last_checkpoint_timestamp_seconds', log, NOW / 1000],
        ['xks_proxy_audit_sealed_logs', log, 2],
      ],
      'warn 2 damaged logs of the slot of a/main are kept sealed as evidence',
    ],
    [
      'answers without records',
      [['xks_proxy_audit_unrecorded_answers_total', {}, 3]],
      'warn 3 answers have left without a record in the audit log since start',
    ],
    [
      'an unreadable block list',
      [['xks_proxy_block_list_unreadable', {}, 1]],
      'fail The block list cannot be read: the previous blocks stay in force',
    ],
    [
      'a key that can leave',
      [['xks_proxy_key_unprotected', { key_store: 's', external_key_id: 'k', problem: 'extractable' }, 1]],
      'warn Keys of key store s can leave the HSM or be read there: k',
    ],
    [
      'a refused configuration',
      [['xks_proxy_config_last_reload_successful', {}, 0]],
      'warn The last configuration was refused, and the previous one is in force: the log says why',
    ],
  ])('is %s', (_name, given, expected) => {
    const changes = [{ status: 'UNAVAILABLE', detail: 'it is gone', agoMs: 1 }] as const;
    const readiness = { ready: true, problems: [] };
    const report = { is: 'serving', name: 'main', pid: 1, readiness } as const;
    const facts = factsOf(given, { processes: [{ ...report, keyManagers: [{ name: 'a', changes }] }] });
    expect(findAttention(facts).map(({ level, text }) => `${level} ${text}`)).toEqual([expected]);
  });

  it('is a process that does not answer', () => {
    const facts = factsOf([], { processes: [{ is: 'not answering', pid: 7 }] });
    expect(findAttention(facts)).toMatchObject([{ level: 'warn', text: 'The worker process 7 does not answer' }]);
  });
});

it('shows a thousand key stores in less than a MiB', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `store-${index}`);
  const page = statusPage(factsOf(names.map((key_store) => ['xks_proxy_key_store_serving', { key_store }, 1])));
  expect(page).toContain('store-999');
  expect(page.length).toBeLessThan(1024 * 1024);
});

it('asks for each metric that it reads', () => {
  const read = globSync('src/monitoring/status/*.ts').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/'((?:xks_proxy|process)_[a-z0-9_]+)'/g)].map(([, name]) => name),
  );
  expect([...new Set(read)].toSorted()).toEqual(SHOWN_METRICS.toSorted());
  expect(SHOWN_METRICS.filter((name) => name.includes('key_version'))).toEqual([]);
});

it('escapes every text, and has no inline script, style or style attribute', () => {
  const names = { key_store: HOSTILE, key_manager: HOSTILE, external_key_id: HOSTILE, log: HOSTILE, process: HOSTILE };
  const certificate = { certificate: 'server', subject: HOSTILE, serial_number: HOSTILE };
  const changes = [{ status: 'UNAVAILABLE', detail: HOSTILE, agoMs: 1 }] as const;
  const readiness = { ready: false, problems: [HOSTILE] };
  const latency = Array.from({ length: 14 }, () => 1);
  const counts = { succeeded: 1, failed: 1, errors: { [HOSTILE]: 1 }, admitted: 1, throttledByQuota: 0, latency };
  const sample = {
    at: NOW,
    seconds: 5,
    keyStores: new Map([
      [HOSTILE, counts],
      ['none', counts],
    ]),
    keyManagers: new Map([[HOSTILE, counts]]),
    cpu: new Map([[HOSTILE, 1]]),
    states: new Map(),
  };
  const facts = factsOf(
    [
      [HEALTH, { ...names, status: 'UNAVAILABLE' }, 1],
      [EXPIRY, certificate, 0],
      ['xks_proxy_requests_total', { ...names, key_store: 'none', outcome: 'failure', error_name: HOSTILE }, 1],
      ['xks_proxy_key_store_serving', names, 1],
      ['xks_proxy_key_store_blocked', names, 1],
      ['xks_proxy_key_store_quota_requests_per_second', names, 10],
      ['xks_proxy_key_blocked', names, 1],
      ['xks_proxy_key_unprotected', names, 1],
      ['xks_proxy_refused_connections_total', { reason: HOSTILE }, 1],
      ['xks_proxy_audit_tree_size', names, 1],
      ['xks_proxy_audit_failing', names, 1],
      ['xks_proxy_credential_last_used_timestamp_seconds', { ...names, access_key_id: HOSTILE }, 1],
      ['process_start_time_seconds', names, 1],
    ],
    {
      hostname: HOSTILE,
      version: HOSTILE,
      readiness,
      processes: [
        {
          is: 'serving',
          name: HOSTILE,
          pid: 1,

          readiness,
          keyManagers: [{ name: HOSTILE, changes }],
        },
      ],
      samples: [sample],
      bins: [[sample]],
    },
  );
  const page = statusPage(facts);
  expect(page.split('&#60;img src=x onerror=alert(1)&#62;').length).toBeGreaterThan(20);
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+="/);
  expect(page.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/status/live.js">']);
  expect(page).not.toMatch(/(src|href)="(?!\/|data:,")/);
});
