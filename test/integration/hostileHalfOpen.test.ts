import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

it('a client that keeps its half of a refused connection open does not keep ours', async () => {
  const proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
  try {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    const reset = new Promise<unknown>((resolve) => socket.once('error', resolve));
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => socket.resume().once('end', resolve));
    // Bytes for a closed connection are answered with a reset; for one that is half open, with nothing.
    const writing = setInterval(() => socket.write('more'), 20);
    expect(await reset).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) as string });
    clearInterval(writing);
    socket.destroy();
  } finally {
    await proxy.dispose();
  }
});
