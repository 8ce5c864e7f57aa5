import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BenchmarkReport } from '../../src/benchmark/runBenchmark.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { OTHER_PREFIX, PREFIX, REGION } from '../support/signedRequest.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

let proxy: RunningProxy;
beforeAll(async () => {
  const files = new ProxyFiles();
  const [first, second] = files.config.keyStores;
  const quota = { requestsPerSecond: 1, burst: 10 };
  files.writeConfig({ ...files.config, keyStores: [first, { ...second, quota }] });
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

function benchmark(...args: readonly string[]) {
  const { files, port } = proxy;
  const [{ accessKeyId }] = files.credentials;
  const target = {
    endpoint: `https://localhost:${port}`,
    resolve: `localhost=127.0.0.1:${port}`,
    'uri-path': `${PREFIX}/kms/xks/v1`,
    'access-key-id': accessKeyId,
    'secret-file': join(files.folder, `${accessKeyId}.secret`),
    key: 'foo',
    region: REGION,
    ca: files.caFile,
    connections: '2',
    seconds: '1',
  };
  return runCommandHere([
    'benchmark',
    ...Object.entries(target).flatMap(([name, value]) => [`--${name}`, value]),
    ...args,
  ]);
}

it('reports how many requests at each rate are answered in time', async () => {
  const html = join(temporaryFolder(), 'report.html');
  const args = ['--rates', '40,20', '--operations', 'encrypt,decrypt,metadata,health', '--json', '--html', html];
  const { exitCode, stdout, stderr } = await benchmark(...args);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('20 requests a second')]);
  const report = JSON.parse(stdout) as BenchmarkReport;
  expect(report.runs.map(({ rate, sent, failures }) => [rate, sent, failures])).toEqual([
    [20, 20, {}],
    [40, 40, {}],
  ]);
  for (const { operations, sent } of report.runs) {
    expect(operations.map(({ samplesMs }) => samplesMs.length)).toEqual([1, 1, 1, 1].map(() => sent / 4));
    for (const { p50Ms, p99Ms, p999Ms, maxMs } of operations)
      expect([0, p50Ms, p99Ms, p999Ms, maxMs]).toEqual([0, p50Ms, p99Ms, p999Ms, maxMs].toSorted((a, b) => a - b));
  }
  expect(readFileSync(html, 'utf8')).toContain('XKS proxy benchmark');
  expect(proxy.log.filter(({ httpStatus }) => httpStatus !== undefined && httpStatus !== 200)).toEqual([]);
});

it('counts refusals as failures, and reports their errors', async () => {
  const { folder, otherCredential } = proxy.files;
  const { exitCode, stdout } = await benchmark(
    ...['--uri-path', `${OTHER_PREFIX}/kms/xks/v1`, '--access-key-id', otherCredential.accessKeyId, '--key', 'bar'],
    ...['--secret-file', join(folder, `${otherCredential.accessKeyId}.secret`), '--rates', '50'],
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/At 50 a second, \d+ failed: 429 ThrottlingException/);
  expect(stdout).toContain('No rate holds');
});

it.each([
  [['--rates', '0'], 2, 'Give a whole number from 1 to 100000.'],
  [['--operations', 'encrypt,sign'], 2, 'Give some of health, metadata, encrypt, decrypt'],
  [['--seconds', '3600'], 2, 'Give a whole number from 1 to 240.'],
  [['--key', 'blocked', '--rates', '5'], 1, 'InvalidStateException'],
  [['--key', 'nope', '--rates', '5'], 1, 'KeyNotFoundException'],
  [['--resolve', 'localhost=127.0.0.1:1', '--rates', '5'], 1, 'cannot be reached: connection refused'],
])('refuses %j', async (args, code, message) => {
  const { exitCode, stderr } = await benchmark(...args);
  expect([exitCode, stderr]).toEqual([code, expect.stringContaining(message)]);
});

it('refuses a wrong secret before it puts load on the proxy', async () => {
  const file = join(temporaryFolder(), 'secret');
  writeFileSync(file, 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE', { mode: 0o600 });
  const { exitCode, stderr } = await benchmark('--secret-file', file);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Nothing was tested')]);
  expect(stderr).not.toContain('FYtE');
});
