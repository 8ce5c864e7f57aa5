import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords, recordsOf } from '../support/auditRecords.ts';
import { records } from '../support/logUnderTest.ts';
import type { LogRecord } from '../support/processLog.ts';
import { RunningProxy, type ProxyFiles } from '../support/runningProxy.ts';

const isRoot = process.getuid?.() === 0;

const running: RunningProxy[] = [];
const used = new Set<ProxyFiles>();
afterEach(async () => {
  for (const proxy of running.splice(0)) await proxy.kill();
  for (const files of used) files.dispose();
  used.clear();
});

async function start(files: ProxyFiles): Promise<RunningProxy> {
  used.add(files);
  const proxy = await RunningProxy.start(files);
  running.push(proxy);
  return proxy;
}

/** The error of a proxy that cannot start. */
async function refusal(files: ProxyFiles): Promise<string> {
  used.add(files);
  const proxy = RunningProxy.launch(files);
  running.push(proxy);
  expect(await proxy.exitCode).toBe(1);
  return proxy.output;
}

async function stop(proxy: RunningProxy): Promise<void> {
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
}

function firstRecord(files: ProxyFiles): LogRecord | undefined {
  return recordsOf(readFileSync(join(auditDirectory(files), 'main', records(0)), 'utf8'))[0];
}

async function metric(proxy: RunningProxy, name: string): Promise<string | undefined> {
  const { port } = await proxy.logged({ msg: 'monitoring listens' });
  const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  return new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(metrics)?.[1];
}

it.each([
  ['one process', 1],
  ['a supervisor with workers', 2],
])('%s: a second proxy on the same directory does not start, and the first serves on', async (_what, workers) => {
  const files = auditedFiles({ server: { workers } });
  const proxy = await start(files);
  const directory = auditDirectory(files);
  expect(await refusal(files)).toContain(
    `the audit log ${directory}/main cannot be opened: process ${proxy.pid} writes it (${directory}/main/lock)\n`,
  );
  await proxy.proveService();
  await stop(proxy);
  expect(readdirSync(directory).filter((name) => name.includes('.'))).toEqual([]);
  expect((await verify(directory)).exitCode).toBe(0);
});

it('a lock that remains after SIGKILL prevents no other proxy from starting', async () => {
  const files = auditedFiles();
  const killed = await start(files);
  await killed.proveService();
  killed.signal('SIGKILL');
  await killed.exitCode;
  const lock = join(auditDirectory(files), 'main', 'lock');
  expect(readFileSync(lock, 'utf8')).toBe(`${killed.pid}\n`);
  // As if another process had this pid now.
  writeFileSync(lock, `${process.pid}\n`);
  const proxy = await start(files);
  await proxy.proveService();
  await stop(proxy);
  expect(existsSync(lock)).toBe(false);
  const types = auditRecords(auditDirectory(files)).map(({ type }) => type);
  expect(types).toEqual(['start', 'request', 'start', 'request', 'stop']);
  expect((await verify(auditDirectory(files))).exitCode).toBe(0);
});

it('a directory that cannot be written is named', async () => {
  const files = auditedFiles();
  const directory = auditDirectory(files);
  mkdirSync(directory, { mode: 0o700 });
  // root may write even without write permission.
  if (isRoot) {
    execFileSync('mount', ['--bind', directory, directory]);
    execFileSync('mount', ['-o', 'remount,bind,ro', directory]);
  } else chmodSync(directory, 0o500);
  try {
    const message = /^the audit log .*\/audit\/main cannot be opened: (EROFS|EACCES): .*$/m;
    expect(await refusal(files)).toMatch(message);
  } finally {
    if (isRoot) execFileSync('umount', [directory]);
    else chmodSync(directory, 0o700);
  }
  const proxy = await start(files);
  await stop(proxy);
});

it('with onFailure: serve, workers serve although the log cannot be opened', async () => {
  const files = auditedFiles({ server: { workers: 2 }, audit: { onFailure: 'serve', checkpointSeconds: 0.1 } });
  const directory = auditDirectory(files);
  mkdirSync(directory, { mode: 0o700 });
  const inTheWay = ['main', 'w1', 'w2'].map((slot) => join(directory, slot));
  for (const file of inTheWay) writeFileSync(file, '');
  const proxy = await start(files);
  const failing = 'the audit log cannot be written: requests are answered all the same';
  for (const worker of [1, 2]) await proxy.logged({ msg: failing, worker });
  await proxy.proveService();
  for (const file of inTheWay) rmSync(file);
  for (const worker of [1, 2]) await proxy.logged({ msg: 'the audit log can be written again', worker });
  await proxy.proveService();
  await stop(proxy);
  expect((await verify(directory)).exitCode).toBe(0);
  const types = auditRecords(directory).map(({ type }) => type);
  expect(types).toContain('omitted');
  expect(types).toContain('request');
});

it('if records of a log were changed, the log is sealed, and the proxy serves and says so until a person has moved it', async () => {
  const files = auditedFiles({ monitoring: { port: 0 }, server: { drainSeconds: 1 } });
  const directory = auditDirectory(files);
  const before = await start(files);
  for (let request = 0; request < 5; request += 1) await before.proveService();
  expect(await metric(before, 'xks_proxy_audit_sealed_logs')).toBe('0');
  await stop(before);
  const segment = join(directory, 'main', records(0));
  writeFileSync(segment, readFileSync(segment, 'utf8').replace('"externalKeyId":"foo"', '"externalKeyId":"bar"'));

  const proxy = await start(files);
  const { level, folders } = await proxy.logged({
    msg: 'an audit log was sealed as evidence: its files contradict each other; examine and verify it, then move it away',
  });
  const [sealed = ''] = folders as string[];
  expect(level).toBe('error');
  expect(sealed).toMatch(/^main\.\d{8}T\d{9}Z\.sealed$/);
  expect(await metric(proxy, 'xks_proxy_audit_sealed_logs')).toBe('1');
  await proxy.proveService();
  await stop(proxy);
  expect(firstRecord(files)).toMatchObject({
    type: 'start',
    previous: {
      kind: 'sealed',
      folder: sealed,
      reason: expect.stringContaining('is not that of its records') as string,
    },
  });
  const { exitCode, stdout } = await verify(directory);
  expect(exitCode).toBe(1);
  expect(stdout).toContain(sealed);

  rmSync(join(directory, sealed), { recursive: true });
  const after = await start(files);
  expect(await metric(after, 'xks_proxy_audit_sealed_logs')).toBe('0');
  await stop(after);
  expect((await verify(directory)).exitCode).toBe(0);
});

it('another origin closes the log and begins a new one, which names the last checkpoint of the old one', async () => {
  const files = auditedFiles();
  const directory = auditDirectory(files);
  await stop(await start(files));
  const config = readFileSync(files.configFile, 'utf8');
  writeFileSync(files.configFile, config.replace('xks.example.com/proxy-1', 'xks.example.com/proxy-2'));
  const proxy = await start(files);
  await proxy.proveService();
  await stop(proxy);
  const closed = readdirSync(directory).find((name) => name.endsWith('.closed'));
  expect(firstRecord(files)).toMatchObject({
    previous: {
      kind: 'closed',
      folder: closed,
      checkpoint: expect.stringMatching(/^xks.example.com\/proxy-1\/main\n2\n/) as string,
    },
  });
  expect((await verify(directory)).exitCode).toBe(0);
});
