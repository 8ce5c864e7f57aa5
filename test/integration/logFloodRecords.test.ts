import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { auditDirectory, auditedFiles, verify } from '../support/auditedProxy.ts';
import { auditRecords, missingFrom } from '../support/auditRecords.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { encryptBody, paths, requestMetadata } from '../support/messages.ts';
import type { LogRecord } from '../support/processLog.ts';
import { rawPost, RawConnection } from '../support/rawConnection.ts';
import { RecordedLoad } from '../support/recordedLoad.ts';
import { RunningProxy } from '../support/runningProxy.ts';

const CONNECTIONS = 8;
const BATCHES = 47;
// The number of requests that a connection may have before an answer.
const BATCH = 8;
const UNSIGNED = `POST ${paths.encrypt} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`;
const BURST = 100;

/** Sends unsigned requests, each of which is answered with 401. */
async function flood(port: number): Promise<void> {
  const connection = new RawConnection(port);
  for (let batch = 1; batch <= BATCHES; batch += 1) {
    await connection.send(UNSIGNED.repeat(BATCH));
    const answers = await connection.answered(batch * BATCH);
    expect(answers.slice(-BATCH).map(({ status }) => status)).toEqual(Array(BATCH).fill(401));
  }
  connection.reset();
}

function sumOf(records: readonly LogRecord[]): { own: number; omitted: number; lines: number } {
  const own = records.filter(({ httpStatus }) => httpStatus === 401).length;
  const shared = records.filter(({ reason }) => String(reason).startsWith('unauthenticated requests'));
  return { own, omitted: shared.reduce((sum, { count }) => sum + Number(count), 0), lines: own + shared.length };
}

async function metricsOf(proxy: RunningProxy): Promise<string> {
  const { port } = await proxy.logged({ msg: 'monitoring listens' });
  return (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
}

it('a flood of unsigned requests leaves few lines, which count all, and signed requests succeed meanwhile', async () => {
  const files = auditedFiles({ monitoring: { port: 0 }, server: { drainSeconds: 1 } });
  const proxy = await RunningProxy.start(files);
  const load = new RecordedLoad(proxy, 2);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => flood(proxy.port)));
  const seconds = (performance.now() - startedAt) / 1000;
  await load.stop();
  const noHttp = new RawConnection(proxy.port);
  await noHttp.send('no HTTP\r\n\r\n');
  await noHttp.closed();

  const total = CONNECTIONS * BATCHES * BATCH;
  const metrics = await metricsOf(proxy);
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
  for (const records of [proxy.log, auditRecords(auditDirectory(files))]) {
    const { own, omitted, lines } = sumOf(records);
    expect(own + omitted).toBe(total);
    // 5 records a second after the first 100, and the records that count the others.
    expect(lines).toBeLessThanOrEqual(BURST + 15 * (seconds + 1));
  }
  expect(load.successes.length).toBeGreaterThan(10);
  expect(metrics).toMatch(new RegExp(`^xks_proxy_unauthenticated_requests_total\\{[^}]*\\} ${total}$`, 'm'));
  expect(metrics).toMatch(/^xks_proxy_refused_connections_total\{[^}]*\} 1$/m);
  expect((await verify(auditDirectory(files))).exitCode).toBe(0);
  files.dispose();
});

it.each(['silent', 'warn'])('with log.level: %s, each request still has its record', async (level) => {
  const port = await freePort();
  const files = auditedFiles({ log: { level }, server: { port } });
  const proxy = RunningProxy.launch(files);
  const body = (kmsRequestId: string) =>
    JSON.stringify({ ...encryptBody, requestMetadata: { ...requestMetadata, kmsRequestId } });
  const answered: string[] = [];
  // No line of this log has the port.
  await expect
    .poll(async () => {
      const kmsRequestId = crypto.randomUUID();
      const connection = new RawConnection(port);
      await connection.send(rawPost({ credential: files.credentials[0], body: body(kmsRequestId) }));
      const [answer] = await connection.answered();
      connection.reset();
      if (answer?.status === 200) answered.push(kmsRequestId);
      return answered.length;
    })
    .toBe(5);
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
  expect(missingFrom(proxy.log, answered)).toEqual([]);
  expect(missingFrom(auditRecords(auditDirectory(files)), answered)).toEqual([]);
  expect(proxy.log.map(({ msg }) => msg)).toContain('audit checkpoint');
  const others = proxy.log.filter(({ msg }) => msg !== 'request' && msg !== 'audit checkpoint');
  expect(others.filter((line) => level === 'silent' || line['level'] === 'info')).toEqual([]);
  files.dispose();
});

async function freePort(): Promise<number> {
  const { port, close } = await listenLocally(createServer());
  await close();
  return port;
}
