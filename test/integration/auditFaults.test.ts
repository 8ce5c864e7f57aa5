import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords, missingFrom, recordsOf } from '../support/auditRecords.ts';
import { isAlive } from '../support/isAlive.ts';
import { healthMetadata, paths } from '../support/messages.ts';
import { RecordedLoad } from '../support/recordedLoad.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { MAIN } from '../support/startTestProgram.ts';

const MONITORING = { monitoring: { port: 0 } };
// Load balancers get half of the limit.
const SOON = { drainSeconds: 2 };

const running: RunningProxy[] = [];
afterEach(async () => {
  for (const proxy of running.splice(0)) {
    await proxy.kill();
    proxy.files.dispose();
  }
});

async function start(files: ProxyFiles, program?: readonly [string, ...string[]]): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(files, program);
  running.push(proxy);
  return proxy;
}

interface Ready {
  readonly ready: boolean;
  readonly problems: readonly string[];
}

async function readiness(proxy: RunningProxy): Promise<Ready> {
  const { port } = await proxy.logged({ msg: 'monitoring listens' });
  return (await (await fetch(`http://127.0.0.1:${String(port)}/readyz`)).json()) as Ready;
}

async function healthStatus(proxy: RunningProxy): Promise<number> {
  return (await proxy.post(paths.health, { requestMetadata: healthMetadata })).status;
}

/** Waits until the proxy refuses requests, then lets it serve again. */
async function refuses(proxy: RunningProxy, load: RecordedLoad, problem: RegExp): Promise<void> {
  await expect.poll(() => load.refusedAfterMs.length).toBeGreaterThan(10);
  expect(new Set(load.answers.values())).toEqual(new Set([200, 500]));
  await expect.poll(() => readiness(proxy)).toEqual({ ready: false, problems: [expect.stringMatching(problem)] });
  expect(await healthStatus(proxy)).toBe(500);
}

async function servesAgain(proxy: RunningProxy, load: RecordedLoad): Promise<void> {
  await expect.poll(() => readiness(proxy)).toMatchObject({ ready: true });
  const before = load.successes.length;
  await expect.poll(() => load.successes.length).toBeGreaterThan(before + 20);
  expect(await healthStatus(proxy)).toBe(200);
}

describe('if a reader of the log stops reading,', () => {
  it.each([
    ['one process, no audit log', () => withMonitoring(new ProxyFiles({ tls: false }))],
    ['one process', () => auditedFiles({ ...MONITORING, server: SOON })],
    ['2 workers', () => auditedFiles({ ...MONITORING, server: { workers: 2, ...SOON } })],
  ])(
    '%s: no request is answered without a record, and the proxy recovers when it reads again',
    async (_what, filesOf) => {
      const files = filesOf();
      const proxy = await start(files);
      await proxy.logged({ msg: 'monitoring listens' });
      const load = new RecordedLoad(proxy, 8);
      proxy.pauseReading();
      await refuses(proxy, load, /^the log cannot be written: its reader has stopped reading$/);
      // Late answers arrive if KMS has not given up yet.
      expect(Math.min(...load.refusedAfterMs)).toBeGreaterThan(150);
      proxy.resumeReading();
      await servesAgain(proxy, load);
      await load.stop();
      proxy.signal('SIGTERM');
      expect(await proxy.exitCode).toBe(0);
      expect(missingFrom(proxy.log, load.successes)).toEqual([]);
      // A refused request has a record of the refusal, or a correction.
      const refused = [...load.answers].filter(([, status]) => status === 500).map(([id]) => id);
      const told = proxy.log.filter(({ outcome, httpStatus }) => outcome === 'failure' && httpStatus === 500);
      const ids = new Set(
        told.map(({ requestMetadata }) => (requestMetadata as { kmsRequestId: string }).kmsRequestId),
      );
      expect(refused.filter((id) => !ids.has(id))).toEqual([]);
      if (existsSync(auditDirectory(files))) {
        const records = auditRecords(auditDirectory(files));
        expect(missingFrom(records, load.successes)).toEqual([]);
        expect(records.filter(({ type }) => type === 'correction')).not.toEqual([]);
        expect((await verify(auditDirectory(files))).exitCode).toBe(0);
      }
    },
  );

  it('and the proxy stops, the proxy says how many records were lost, and why', async () => {
    const files = auditedFiles({ server: { drainSeconds: 1 } });
    const proxy = await start(files);
    const load = new RecordedLoad(proxy, 8);
    proxy.pauseReading();
    await expect.poll(() => load.refusedAfterMs.length).toBeGreaterThan(10);
    await load.stop();
    proxy.signal('SIGTERM');
    // The exit is seen before the output is read completely.
    await expect.poll(() => isAlive(proxy.pid ?? NaN)).toBe(false);
    proxy.resumeReading();
    expect(await proxy.exitCode).toBe(1);
    expect(proxy.output).toMatch(/^\d+ records were lost: the log cannot be written: its reader has stopped reading$/m);
    expect(proxy.output).not.toContain('PKCS#11 module has not come back');
    expect(missingFrom(auditRecords(auditDirectory(files)), load.successes)).toEqual([]);
  });
});

describe('if standard output is a file that may not grow,', () => {
  it('no request is answered without a record, and the last log line says how many records were lost', async () => {
    const files = withMonitoring(new ProxyFiles({ tls: false }));
    const log = join(files.folder, 'log');
    writeFileSync(log, '');
    const script = [
      // The limit is in blocks of 1,024 bytes.
      `(ulimit -f 60; exec "$0" "$@") >> ${log} &`,
      'proxy=$!',
      "trap 'kill -TERM $proxy' TERM",
      `tail -n +1 -f --pid=$proxy ${log} &`,
      'wait $proxy',
      'wait $proxy',
    ].join('\n');
    const proxy = await start(files, ['bash', '--norc', '-c', script, process.execPath, MAIN]);
    const load = new RecordedLoad(proxy, 8);
    await refuses(proxy, load, /^the log cannot be written: EFBIG/);
    await load.stop();
    expect(missingFrom(recordsOf(readFileSync(log, 'utf8')), load.successes)).toEqual([]);
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(1);
    expect(proxy.output).toMatch(/\d+ records were lost: the log cannot be written: EFBIG/);
  });
});

describe('if the audit directory', () => {
  // Only root can mount a small file system.
  it.runIf(process.getuid?.() === 0)(
    'is on a file system that becomes full, requests are refused until there is space',
    async () => {
      const files = auditedFiles({
        ...MONITORING,
        server: SOON,
        audit: { segmentRecords: 100, checkpointSeconds: 0.1 },
      });
      const directory = auditDirectory(files);
      mkdirSync(directory, { mode: 0o700 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
      try {
        const proxy = await start(files);
        const load = new RecordedLoad(proxy, 8);
        await refuses(proxy, load, /^the audit log cannot be written: little space is left on the file system/);
        execFileSync('mount', ['-o', 'remount,size=2m', directory]);
        await servesAgain(proxy, load);
        await load.stop();
        proxy.signal('SIGTERM');
        expect(await proxy.exitCode).toBe(0);
        expect(missingFrom(auditRecords(directory), load.successes)).toEqual([]);
        expect(missingFrom(proxy.log, load.successes)).toEqual([]);
        expect((await verify(directory)).exitCode).toBe(0);
      } finally {
        execFileSync('umount', ['-l', directory]);
      }
    },
  );

  it('is lost and comes back, the log continues', async () => {
    const files = auditedFiles({ ...MONITORING, server: SOON, audit: { checkpointSeconds: 0.1 } });
    const directory = auditDirectory(files);
    const proxy = await start(files);
    const load = new RecordedLoad(proxy, 8);
    await expect.poll(() => load.successes.length).toBeGreaterThan(20);
    renameSync(directory, `${directory}.away`);
    await refuses(proxy, load, /^the audit log cannot be written: .*(was moved or deleted|does not exist)$/);
    renameSync(`${directory}.away`, directory);
    await servesAgain(proxy, load);
    await load.stop();
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
    expect(missingFrom(auditRecords(directory), load.successes)).toEqual([]);
    expect((await verify(directory)).exitCode).toBe(0);
  });

  it('loses its logs, a new log says so', async () => {
    const files = auditedFiles({ ...MONITORING, server: SOON, audit: { checkpointSeconds: 0.1 } });
    const directory = auditDirectory(files);
    const proxy = await start(files);
    await proxy.proveService();
    rmSync(join(directory, 'main'), { recursive: true });
    await expect.poll(() => readiness(proxy)).toMatchObject({ ready: true });
    const load = new RecordedLoad(proxy, 4);
    await expect.poll(() => load.successes.length).toBeGreaterThan(20);
    await load.stop();
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
    const [first] = auditRecords(directory);
    expect(first).toMatchObject({ type: 'start', index: 0, lost: { records: expect.any(Number) as number } });
    expect(missingFrom(auditRecords(directory), load.successes)).toEqual([]);
    expect((await verify(directory)).exitCode).toBe(0);
  });

  it('fails with onFailure: serve, requests are answered and counted', async () => {
    const files = auditedFiles({ ...MONITORING, server: SOON, audit: { onFailure: 'serve', checkpointSeconds: 0.1 } });
    const directory = auditDirectory(files);
    const proxy = await start(files);
    renameSync(directory, `${directory}.away`);
    await proxy.logged({ msg: 'the audit log cannot be written: requests are answered all the same' });
    const load = new RecordedLoad(proxy, 4);
    await expect.poll(() => load.successes.length).toBeGreaterThan(50);
    await load.stop();
    expect(await readiness(proxy)).toMatchObject({ ready: true });
    const { port } = await proxy.logged({ msg: 'monitoring listens' });
    const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
    expect(metrics).toMatch(new RegExp(`^xks_proxy_audit_unrecorded_answers_total ${load.answers.size}$`, 'm'));
    renameSync(`${directory}.away`, directory);
    await proxy.logged({ msg: 'the audit log can be written again' });
    await proxy.proveService();
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
    expect(missingFrom(proxy.log, load.successes)).toEqual([]);
    expect(auditRecords(directory)).toContainEqual(
      expect.objectContaining({ type: 'omitted', count: load.answers.size }),
    );
    expect((await verify(directory)).exitCode).toBe(0);
  });
});

function withMonitoring(files: ProxyFiles): ProxyFiles {
  files.writeConfig({ ...files.config, ...MONITORING, server: { ...files.config.server, ...SOON } });
  return files;
}
