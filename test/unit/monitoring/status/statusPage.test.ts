import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SHOWN_METRICS } from '../../../../src/monitoring/status/statusFacts.ts';
import { statusPage } from '../../../../src/monitoring/status/statusPage.ts';
import { factsOf, NOW, requestsOf, sampleOf, type Given } from '../../../support/statusFactsOf.ts';

const HOSTILE = '"><img src=x onerror=alert(1)>\'</script>';
const HEALTH = 'xks_proxy_key_manager_health';
const EXPIRY = 'xks_proxy_certificate_expiry_timestamp_seconds';

it('is ready and shows nothing to look at while all is well', () => {
  const page = statusPage(
    factsOf([
      [HEALTH, { key_manager: 'softhsm', status: 'ACTIVE' }, 1],
      [EXPIRY, { certificate: 'server', subject: 'CN=a', serial_number: '1' }, NOW / 1000 + 31 * 86_400],
    ]),
  );
  expect(page).toContain('<h2>Ready</h2>');
  expect(page).toContain('<title>Ready: proxy-1, xks-proxy status</title>');
  expect(page).not.toMatch(/Critical|Warning/);
});

it('says why it is not ready', () => {
  const page = statusPage(factsOf([], { readiness: { ready: false, problems: ['the HSM is gone'] } }));
  expect(page).toContain('<h2>Not ready</h2>');
  expect(page).toContain('should send no requests here: the HSM is gone.');
  expect(page).toContain('<title>NOT READY: ');
});

it('begins with the problem although it is ready, with cause and cure', () => {
  const samples = [sampleOf({ keyStores: new Map([['first', requestsOf({ succeeded: 60, retryable: 40 })]]) })];
  const page = statusPage(factsOf([[HEALTH, { key_manager: 'a', status: 'DEGRADED' }, 1]], { samples }));
  expect(page).toContain('<title>Critical: proxy-1, xks-proxy status</title>');
  expect(page).toContain('<h2>Requests fail with errors that make KMS retry</h2>');
  expect(page).toContain('class="card verdict fail"');
  expect(page).toContain('Load balancers may send requests here.');
  expect(page).toMatch(/first: 40 % of 100 requests in the last 5 minutes .*The HSM fails .*Warning.*>a is DEGRADED/s);
});

it('is bounded, even with very many problems', () => {
  const stores = Array.from({ length: 1000 }, (_, index) => `store-${index}`);
  const samples = [sampleOf({ keyStores: new Map(stores.map((name) => [name, requestsOf({ retryable: 1 })])) })];
  const credentials = stores.map((key_store): Given[number] => {
    return ['xks_proxy_credential_last_used_timestamp_seconds', { key_store, access_key_id: `${key_store}-id` }, 0];
  });
  const certificates = stores.map((subject): Given[number] => [EXPIRY, { certificate: 'client_ca', subject }, 0]);
  const page = statusPage(factsOf([...credentials, ...certificates], { samples }));
  expect(page.match(/and 995 more/g)).toHaveLength(2);
  expect(page.match(/and 950 more/g)).toHaveLength(2);
  expect(page).toContain('store-49-id');
  expect(page).not.toContain('store-50-id');
});

it('shows a thousand key stores in less than a MiB', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `store-${index}`);
  const page = statusPage(factsOf(names.map((key_store) => ['xks_proxy_key_store_serving', { key_store }, 1])));
  expect(page).toContain('store-999');
  expect(page.length).toBeLessThan(1024 * 1024);
});

it('requests each metric that it reads', () => {
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
  const counts = requestsOf({ succeeded: 1, refused: 1, errors: { [HOSTILE]: 1 }, throttledByQuota: 1, unverified: 1 });
  const sample = sampleOf({
    keyStores: new Map([
      [HOSTILE, counts],
      ['none', counts],
    ]),
    keyManagers: new Map([[HOSTILE, counts]]),
    cpu: new Map([[HOSTILE, 1]]),
    refusedConnections: new Map([[HOSTILE, 100]]),
    states: new Map([[HOSTILE, { status: 'ACTIVE', sessions: 1, sessionsInUse: 1, operationsWaiting: 9 }]]),
  });
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
