import { createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { listenOn } from '../../src/listenOn.ts';

const HOST = '127.0.0.1';

it('resolves to the address, and reports later errors', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  const onError = vi.fn();
  const { address, port } = await listenOn(server, { host: HOST, port: 0 }, onError);
  expect({ address, port }).toEqual({ address: HOST, port: expect.any(Number) as number });
  expect(port).toBeGreaterThan(0);
  const error = new Error('EMFILE');
  server.emit('error', error);
  expect(onError).toHaveBeenCalledExactlyOnceWith(error);
});

it('rejects with the error of the system, and leaves nothing behind', async () => {
  const first = createServer();
  onTestFinished(() => void first.close());
  const { port } = await listenOn(first, { host: HOST, port: 0 }, vi.fn());
  const onError = vi.fn();
  const second = createServer();
  await expect(listenOn(second, { host: HOST, port }, onError)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(onError).not.toHaveBeenCalled();
  expect(second.listenerCount('error')).toBe(0);
});
