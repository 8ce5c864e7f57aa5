import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody } from '../support/messages.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let files: ProxyFiles;
beforeEach(() => {
  files = new ProxyFiles();
});
afterEach(() => {
  files.dispose();
});

const HALF_HANDSHAKE = Buffer.from('16030100c4010000c00303', 'hex');
const STILL_RUNNING = 'requests were still running after drainSeconds; their connections were closed';

async function start(): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(files);
  onTestFinished(() => {
    proxy.signal('SIGKILL');
  });
  return proxy;
}

async function secured(proxy: RunningProxy, bytes: string): Promise<RawConnection> {
  const connection = new RawConnection(proxy.port, { ca: testCertificates.ca.certificate });
  if (bytes !== '') await connection.send(bytes);
  return connection;
}

function messages(proxy: RunningProxy): unknown[] {
  return proxy.log.map(({ msg }) => msg);
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends the proxy after the requests in flight are answered, even if other clients are connected', async () => {
    const proxy = await start();
    const request = rawPost({ credential: files.credentials[0] });
    const idle = await secured(proxy, request);
    const silent = [await secured(proxy, ''), new RawConnection(proxy.port), new RawConnection(proxy.port)];
    await silent[1]?.send(HALF_HANDSHAKE);
    const begun = await secured(proxy, request.slice(0, -1));
    await idle.answered();
    await proxy.proveService();

    proxy.signal(signal);
    await proxy.logged({ msg: 'draining', signal });
    const late = new RawConnection(proxy.port);
    expect(await late.closed()).toEqual([]);
    await begun.send(request.slice(-1));
    expect(await begun.closed()).toMatchObject([{ status: 200 }]);
    expect(await proxy.exitCode).toBe(0);
    await Promise.all([idle, ...silent].map((connection) => connection.closed()));
    expect(messages(proxy)).not.toContain(STILL_RUNNING);
    expect(messages(proxy)).toContain('stopped');
  });
});

it('a request that arrives during the drain is answered, and its connection is closed', async () => {
  const proxy = await start();
  const request = rawPost({ credential: files.credentials[0] });
  const running = await secured(proxy, request.slice(0, -1));
  const [begun, rest] = [request.slice(0, 100), request.slice(100)];
  const arriving = await secured(proxy, begun);
  await proxy.proveService();
  proxy.signal('SIGTERM');
  await proxy.logged({ msg: 'draining' });
  await arriving.send(rest);
  expect(await arriving.closed()).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
  await running.send(request.slice(-1));
  expect(await running.closed()).toMatchObject([{ status: 200 }]);
  expect(await proxy.exitCode).toBe(0);
});

it('a client that never pauses does not prevent the proxy from ending, and loses no answer', async () => {
  const proxy = await start();
  const request = rawPost({ credential: files.credentials[0] });
  const clients = await Promise.all(Array.from({ length: 4 }, () => secured(proxy, '')));
  const requests = clients.map(async (client) => {
    let sent = 0;
    while (client.isOpen) {
      await client.send(request);
      sent += 1;
      await client.answered(sent);
    }
    // The last request may have arrived on an idle connection while the proxy closed it.
    return { sent, answers: await client.closed() };
  });
  await Promise.all(clients.map((client) => client.answered(5)));
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
  for (const { sent, answers } of await Promise.all(requests)) {
    expect(answers.length).toBeGreaterThanOrEqual(sent - 1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }
  expect(messages(proxy)).not.toContain(STILL_RUNNING);
});

it('if a request never ends, its connection is closed after drainSeconds, and the log says so', async () => {
  files.writeConfig({ ...files.config, server: { ...files.config.server, drainSeconds: 1 } });
  const proxy = await start();
  const payload = JSON.stringify(encryptBody).slice(0, -1);
  const connection = await secured(proxy, rawPost({ credential: files.credentials[0], payload }));
  await proxy.proveService();
  proxy.signal('SIGTERM');
  expect(await connection.closed()).toEqual([]);
  expect(await proxy.exitCode).toBe(0);
  expect(messages(proxy).slice(-4)).toEqual([STILL_RUNNING, 'request', 'aborted', 'stopped']);
});
