import { once } from 'node:events';
import { Agent } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { REQUEST, startServer } from '../support/listeningServer.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

let files: ProxyFiles;

beforeAll(() => {
  files = new ProxyFiles({ tls: false });
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers: 2 } });
});

afterAll(() => {
  files.dispose();
});

it('if a connection is handed over after a drain, it is closed before its request is read', async () => {
  let take: (connection: Socket) => void = () => undefined;
  const server = await startServer({
    source: (taking) => {
      take = taking;
    },
    tls: undefined,
  });
  const acceptor = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(acceptor, 'listening');
  const client = new RawConnection((acceptor.address() as AddressInfo).port);
  const [accepted] = (await once(acceptor, 'connection')) as [Socket];
  await client.send(REQUEST);
  expect(await server.drain(10_000)).toBe(true);
  take(accepted);
  expect(await client.closed()).toEqual([]);
  expect(server.clients).toEqual([]);
  acceptor.close();
});

/** Errors of connections that the proxy closes or no longer accepts. */
const CONNECTION_ENDS = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'];

describe('a drain of workers answers no request with an error', () => {
  // In the first rows, a worker without connections closes at once while the supervisor may still hand over new ones.
  it.each([
    ['a few new connections', 0, 2, 1],
    ['a few new connections', 0, 2, 2],
    ['a few new connections', 0, 2, 3],
    ['many connections, old and new', 8, 24, 1],
  ])('under a load of %s (%i, %i), run %i', async (_load, old, fresh) => {
    const proxy = await RunningProxy.start(files);
    onTestFinished(() => {
      proxy.signal('SIGKILL');
    });
    const newcomers = new Agent({ keepAlive: false });
    const loads = [new SteadyLoad(proxy, old), new SteadyLoad(proxy, fresh, () => ({ agent: newcomers }))];
    const sent = () => loads.reduce((sum, load) => sum + load.sent, 0);
    await expect.poll(sent, { timeout: 60_000 }).toBeGreaterThan(100);
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
    const outcomes = (await Promise.all(loads.map((load) => load.stop()))).flatMap((load) => [...load.outcomes.keys()]);
    expect(outcomes).toContain(200);
    expect(outcomes.filter((outcome) => ![200, ...CONNECTION_ENDS].includes(outcome))).toEqual([]);
    expect(proxy.log.filter(({ httpStatus }) => Number(httpStatus) >= 500)).toEqual([]);
  });
});
