import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

it('if a client keeps its half of a refused connection open, the proxy closes its own', async () => {
  const proxy = await RunningProxy.start(new ProxyFiles({ tls: false }));
  try {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    const reset = new Promise<unknown>((resolve) => socket.once('error', resolve));
    socket.write('garbage\r\n\r\n');
    await new Promise((resolve) => socket.resume().once('end', resolve));
    // Bytes on a closed connection are answered with a reset, and on a half-open one not at all.
    const writing = setInterval(() => socket.write('more'), 20);
    expect(await reset).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) as string });
    clearInterval(writing);
    socket.destroy();
  } finally {
    await proxy.dispose();
  }
});
