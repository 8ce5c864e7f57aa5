import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { monitoringListener, type MonitoringListener } from '../../../src/monitoring/monitoringListener.ts';
import { skipProxyHeader } from '../../../src/server/skipProxyHeader.ts';
import { proxyHeader, vpceTlv } from '../../support/proxyHeader.ts';
import { RawConnection } from '../../support/rawConnection.ts';

async function startMonitoring(onConnection: () => void = () => undefined): Promise<MonitoringListener> {
  const listener = await monitoringListener({
    host: '127.0.0.1',
    port: 0,
    prepare: (server) => {
      skipProxyHeader(server);
      server.on('connection', onConnection);
    },
    live: () => true,
    ready: () => ({ ready: true, problems: [] }),
    metrics: () => Promise.resolve(''),
    onError: () => undefined,
  });
  onTestFinished(() => listener.close());
  return listener;
}

it.each([
  ['without a header', Buffer.alloc(0)],
  ['with a short header', proxyHeader()],
  [
    'with one of 16 KiB, which has several values of AWS',
    proxyHeader({ tlvs: [[0x04, Buffer.alloc(16_300)], [0xea, Buffer.from([2])], vpceTlv('vpce-0123456789abcdef0')] }),
  ],
])('lets a connection in %s', async (_what, preface) => {
  const listener = await startMonitoring();
  const connection = new RawConnection(listener.address.port, { preface });
  await connection.send('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await connection.closed()).toMatchObject([{ status: 200, body: 'alive\n' }]);
});

it('lets a monitoring port close at once, even with clients that have sent nothing yet', async () => {
  // No timer may end the connection.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const accepted = Promise.withResolvers<undefined>();
  const listener = await startMonitoring(() => {
    accepted.resolve(undefined);
  });
  const silent = connect(listener.address.port, '127.0.0.1').resume();
  await accepted.promise;
  const closed = once(silent, 'close');
  await Promise.all([listener.close(), closed]);
  expect(vi.getTimerCount()).toBe(0);
});
