import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { aggregateMetrics } from '../../../src/monitoring/metrics/aggregateMetrics.ts';
import { lifecycleMetrics } from '../../../src/monitoring/metrics/lifecycleMetrics.ts';
import { processMetrics } from '../../../src/monitoring/metrics/processMetrics.ts';
import { proxyMetrics } from '../../../src/monitoring/metrics/proxyMetrics.ts';
import type { AuditLogState } from '../../../src/audit/log/auditLog.ts';
import type { KeyStore } from '../../../src/keyStores/keyStore.ts';
import type { EndedRequest } from '../../../src/http/respond.ts';
import type { KeyVersion } from '../../../src/operations/externalKey.ts';
import { Secret } from '../../../src/secret.ts';
import { newCredential } from '../../../src/sigv4/newCredential.ts';
import { XKS_ERROR_STATUS, XksError, type XksErrorName } from '../../../src/xks/errors.ts';
import { testCertificates } from '../../support/certificates.ts';
import { parseExposition, type Sample } from '../../support/exposition.ts';
import { BlockList } from '../../../src/blocks/blockList.ts';
import { TokenBucket } from '../../../src/timing/tokenBucket.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';
import { parsePromQl } from '../../support/promql.ts';

/** Labels that Prometheus itself adds. */
const OF_PROMETHEUS = { metric: 'up', labels: ['instance', 'job'] };
const ROOT = join(import.meta.dirname, '../../..');
const RULES = join(ROOT, 'deploy/prometheus');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const guide = read('docs/monitoring.md');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const { groups } = parse(read('deploy/prometheus/xks-proxy.rules.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}
const dashboard = JSON.parse(read('deploy/grafana/xks-proxy.json')) as Dashboard;
const variables = dashboard.templating.list.filter(({ query }) => query !== 'prometheus');

let text: string;
let samples: Sample[];
/** Type by metric name. */
let types: ReadonlyMap<string, string>;

beforeAll(async () => {
  text = await expose();
  samples = parseExposition(text);
  types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
});

/** The metrics of a proxy with a key store, TLS and mTLS, after every outcome has occurred. */
async function expose(): Promise<string> {
  const { ca, server } = testCertificates;
  const tls = {
    certificate: server.certificate + ca.certificate,
    privateKey: new Secret(server.privateKey),
    clientAuth: { ca: ca.certificate, commonNames: ['a'] },
  };
  const credential = newCredential();
  const keyManager = Object.assign(new InMemoryKeyManager(), {
    load: () => ({ sessions: 1, sessionsInUse: 0, operationsWaiting: 0 }),
  });
  const keyStore: KeyStore = {
    name: 'first',
    status: 'enabled',
    uriPathPrefix: '',
    quota: new TokenBucket({ requestsPerSecond: 1, burst: 1 }, () => 0),
    credentials: new Map([[credential.accessKeyId, credential]]),
    keys: new Map([['foo', { id: 'foo', status: 'enabled', versions: [versionOf('foo-1'), versionOf('foo-2')] }]]),
    keyManagers: [
      {
        keyManager,
        health: () => ({ name: 'in-memory', healthStatus: 'ACTIVE', description: undefined }),
        changes: () => [],
        isLost: () => false,
        isLeftOut: () => false,
        succeeded: () => undefined,
        failed: () => undefined,
      },
    ],
  };
  const metrics = proxyMetrics({
    fleetSize: 2,
    keyStores: () => [keyStore],
    blockList: () => ({ list: BlockList.EMPTY.with({ keyStore: 'first', externalKeyId: 'foo' }), problem: undefined }),
    tls: () => tls,
    trail: () => ({ trail: { problem: undefined }, auditState: () => auditState }),
    clock: Date.now,
  });
  keyManager.protection = { sensitive: false, extractable: true };
  const measured = metrics.measure(keyManager.addKey('foo-1'));
  await measured.describeKey({ label: 'foo-1' });
  for (const record of records()) metrics.countRequest(record);
  metrics.countRefusal({ reason: 'too many connections', routine: false });
  for (const errorName of errorNames) {
    keyManager.failure = new XksError(errorName, 'as told');
    await measured.describeKey({ label: 'foo-1' }).catch(() => undefined);
  }
  const sources = [metrics, lifecycleMetrics(Date.now), processMetrics({ process: 'main', version: '1.2.3' })];
  return aggregateMetrics(await Promise.all(sources.map((source) => source.snapshot())));
}

const auditState: AuditLogState = {
  name: 'xks.example.com/proxy-1/main',
  size: 1,
  lastCheckpointAt: 0,
  isFailing: false,
  sealed: 0,
};

function versionOf(label: string): KeyVersion {
  return { label, ciphertextMetadata: Buffer.from(label) };
}

const errorNames = Object.keys(XKS_ERROR_STATUS) as XksErrorName[];

function records(): EndedRequest[] {
  const record: EndedRequest = {
    requestMetadata: { kmsOperation: 'Encrypt' },
    keyStore: 'first',
    operation: 'Encrypt',
    externalKeyId: 'foo',
    keyVersion: 'foo-1',
    keyManager: 'in-memory',
    accessKeyId: undefined,
    policy: { decision: 'allow', policies: ['everyone'] },
    remoteAddress: undefined,
    outcome: 'success',
    httpStatus: 200,
    durationMs: 1,
  };
  const failures = errorNames.map((errorName) => ({ ...record, outcome: 'failure' as const, errorName }));
  return [
    record,
    { ...record, keyVersion: 'foo-2' },
    { ...record, outcome: 'aborted' },
    { ...record, keyStore: undefined },
    ...failures,
  ];
}

/** Compares every metric, label and label value of an expression with those that a proxy exposes. */
function check(expression: string): void {
  const { selectors, grouping } = parsePromQl(expression.replaceAll('$__rate_interval', '5m'));
  const found = selectors.map(({ metric, matchers }) => {
    if (metric === OF_PROMETHEUS.metric) return [];
    const series = samples.filter(({ name }) => name === metric);
    expect(series.length, metric).toBeGreaterThan(0);
    for (const { label, values } of matchers) {
      for (const value of values) {
        if (variables.some(({ name }) => value === `$${name}`)) continue;
        expect(
          series.map(({ labels }) => labels[label]),
          `${metric} by ${label}`,
        ).toContain(value);
      }
    }
    return series;
  });
  const labels = new Set([...found.flat().flatMap((sample) => Object.keys(sample.labels)), ...OF_PROMETHEUS.labels]);
  for (const label of grouping) expect(labels, expression).toContain(label);
}

describe.each(alerts)('the alert $alert', ({ alert, expr, labels, annotations }) => {
  it('uses metrics that exist', () => {
    check(expr);
  });

  it('has a description that uses only its own labels', () => {
    expect(['critical', 'warning', 'info']).toContain(labels['severity']);
    const { summary = '', description = '' } = annotations;
    const { grouping, selectors } = parsePromQl(expr);
    const ofMetric = samples
      .filter(({ name }) => name === selectors[0]?.metric)
      .flatMap((sample) => Object.keys(sample.labels));
    const ofProxy = grouping.length > 0 ? grouping : ofMetric;
    const has = selectors[0]?.metric === OF_PROMETHEUS.metric ? [...ofProxy, ...OF_PROMETHEUS.labels] : ofProxy;
    expect(summary).not.toBe('');
    expect(description).not.toBe('');
    for (const [, label] of `${summary}${description}`.matchAll(/\$labels\.(\w+)/g)) expect(has).toContain(label);
  });

  it('has its section in the guide', () => {
    expect(annotations['runbook_url']).toBe(`docs/monitoring.md#${alert.toLowerCase()}`);
    expect(guide.split('\n')).toContain(`### ${alert}`);
  });
});

// Rules of https://prometheus.io/docs/practices/naming/ that `promtool check metrics` applies to names.
it('metrics have names that promtool accepts', () => {
  const helped = new Set([...text.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name));
  for (const [name, type] of types) {
    expect(name.endsWith('_total'), `${name}, a ${type}`).toBe(type === 'counter');
    expect(name).not.toMatch(/_(count|sum|bucket|gauge|counter|histogram|milliseconds|ms|kilobytes|percent)$|[A-Z:]/);
    expect(helped).toContain(name);
  }
});

// toolchain/promtool.sh installs it for make test.
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
describe.skipIf(!hasPromtool)(`promtool${hasPromtool ? '' : ' (skipped: it is not installed)'}`, () => {
  const promtool = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: RULES, encoding: 'utf8', input });
    return { status, said: stdout + stderr };
  };

  it.each([
    ['check', 'rules', 'xks-proxy.rules.yml'],
    ['test', 'rules', 'xks-proxy.rules.test.yml'],
  ])('%s %s %s succeeds', (...args) => {
    expect(promtool(args)).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') as string });
  });

  it('check metrics finds nothing in the exposed metrics', () => {
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
  });
});

it('the guide has no section for an alert that does not exist', () => {
  const sections = [...guide.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
  expect(sections.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

describe('the dashboard', () => {
  const panels = dashboard.panels.filter(({ targets }) => targets);

  it.each(panels)('shows in "$title" metrics that exist', ({ targets = [] }) => {
    for (const { expr } of targets) check(expr);
  });

  it.each(variables)('offers for $name values that exist', ({ query }) => {
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
    expect(samples.find(({ name }) => name === metric)?.labels).toHaveProperty(label);
  });
});

it('the guide lists all metrics of the proxy, with their types and labels', () => {
  const rows = [...guide.matchAll(/^\| `(xks_proxy_\w+)` \| (\w+) \|([^|]*)\|/gm)];
  const listed = rows.map(([, name, type, labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).toSorted(),
  }));
  const exposed = [...types].flatMap(([name, type]) => {
    if (!name.startsWith('xks_proxy_')) return [];
    const series = samples.find((sample) => sample.name === (type === 'histogram' ? `${name}_count` : name));
    return { name, type, labels: Object.keys(series?.labels ?? {}).toSorted() };
  });
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
    (a.name ?? '').localeCompare(b.name ?? '');
  expect(listed.toSorted(byName)).toEqual(exposed.toSorted(byName));
});
