import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startServer } from '../support/listeningServer.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { runProgram } from '../support/runProgram.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const UNSIGNED = 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n';

it('100,000 unsigned requests at once do not end the proxy', async () => {
  const proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
  const flood = new RawConnection(proxy.port);
  await flood.send(UNSIGNED.repeat(100_000));
  await flood.closed();
  await proxy.logged({ reason: 'too many requests before an answer' });
  await proxy.proveService();
  await proxy.dispose();
});

it('while many requests are running, each connection may have one', async () => {
  let running = 0;
  const server = await startServer({
    tls: undefined,
    listener: () => (_req, res) => {
      running += 1;
      void sleep(1_000).then(() => res.end());
    },
  });
  const patient = Array.from({ length: 260 }, () => new RawConnection(server.port));
  for (const connection of patient) await connection.send(UNSIGNED);
  await expect.poll(() => running).toBe(patient.length);
  const pipelining = new RawConnection(server.port);
  await pipelining.send(UNSIGNED.repeat(2));
  expect(await pipelining.closed()).toEqual([]);
  for (const connection of patient) {
    expect(await connection.answered()).toHaveLength(1);
    connection.reset();
  }
});

it('a request that cannot be recorded is not answered', async () => {
  const server = await startServer({ tls: undefined, canRecord: () => false });
  const connection = new RawConnection(server.port);
  await connection.send(UNSIGNED);
  expect(await connection.closed()).toEqual([]);
  expect(server.clients).toEqual([]);
  expect(server.refusals).toMatchObject([{ reason: 'too many requests wait for their records', routine: false }]);
});

it('the log accepts the lines of one turn of the event loop after another', async () => {
  const script = `
    import { createLogger } from './src/monitoring/logger.ts';
    import { LogStream } from './src/monitoring/logStream.ts';
    const end = (reason) => { console.error(reason); process.exit(1); };
    const clock = () => performance.now();
    const log = createLogger('info', new LogStream({ descriptor: 1, isShared: true, clock, onGone: end, onLoss: end }));
    for (let turn = 0; turn < 200; turn += 1) {
      for (let line = 0; line < 500; line += 1) log.info({ text: 'x'.repeat(200) }, 'line');
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const log = join(temporaryFolder(), 'log');
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const { exitCode, stderr } = await runProgram(['sh', '-c', 'exec "$@" > "$0"', log, ...node]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(readFileSync(log, 'utf8').split('\n')).toHaveLength(100_001);
});
