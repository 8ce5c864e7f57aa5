import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { monitoringListener } from '../../../src/monitoring/monitoringListener.ts';
import { skipProxyHeader } from '../../../src/server/skipProxyHeader.ts';

it('lets a monitoring port close at once, whoever has sent nothing yet', async () => {
  // Nothing ends because a time is over.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const accepted = Promise.withResolvers<undefined>();
  const listener = await monitoringListener({
    host: '127.0.0.1',
    port: 0,
    prepare: (server) => {
      skipProxyHeader(server);
      server.on('connection', () => {
        accepted.resolve(undefined);
      });
    },
    live: () => true,
    ready: () => ({ ready: true, problems: [] }),
    metrics: () => Promise.resolve(''),
    onError: () => undefined,
  });
  const silent = connect(listener.address.port, '127.0.0.1').resume();
  await accepted.promise;
  const closed = once(silent, 'close');
  await Promise.all([listener.close(), closed]);
  expect(vi.getTimerCount()).toBe(0);
});
