import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { EventStreams } from '../../../src/pages/eventStreams.ts';
import { listenLocally } from '../../support/listenLocally.ts';

async function start() {
  let now = 0;
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const streams = new EventStreams(() => now);
  const refused: boolean[] = [];
  const server = createServer((_req, res) => {
    if (streams.open(res)) return;
    refused.push(true);
    res.writeHead(503).end();
  });
  const { port } = await listenLocally(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = async (): Promise<Socket> => {
    const before = streams.size + refused.length;
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await expect.poll(() => streams.size + refused.length).toBe(before + 1);
    return socket;
  };
  return { streams, refused, open, port, pass };
}

it('opens 8 streams, and another one when one has ended', async () => {
  const { streams, refused, open } = await start();
  const sockets: Socket[] = [];
  for (let count = 0; count < 9; count += 1) sockets.push(await open());
  expect([streams.size, refused.length]).toEqual([8, 1]);
  sockets[0]?.destroy();
  await expect.poll(() => streams.size).toBe(7);
  await open();
  expect(streams.size).toBe(8);
});

it('sends each line of an event as data, with the headers of a page and no CORS header', async () => {
  const { streams, open } = await start();
  const socket = await open();
  let received = '';
  socket.setEncoding('utf8').on('data', (text: Buffer | string) => {
    received += text.toString();
  });
  streams.send('a\nb\r\nid: c\rd');
  await expect.poll(() => received).toContain('data: a\ndata: b\ndata: id: c\ndata: d\n\n');
  expect(received).toMatch(/^Content-Type: text\/event-stream\r$/m);
  expect(received).toMatch(/^Content-Security-Policy: default-src 'none'; /m);
  expect(received).not.toMatch(/Access-Control/i);
});

it('keeps at most one event for a client that does not read', async () => {
  const { streams, open } = await start();
  const socket = await open();
  socket.pause();
  const event = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 200; count += 1) {
    streams.send(event);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The system buffers some MiB for the client; 200 were sent.
  let received = 0;
  let last = '';
  socket.on('data', (bytes) => {
    received += bytes.length;
    last = bytes.toString().slice(-40);
  });
  socket.resume();
  await once(socket, 'data');
  await expect
    .poll(async () => {
      const before = received;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return received - before;
    })
    .toBe(0);
  expect(received).toBeLessThan(50 * event.length);
  streams.send('the newest');
  await expect.poll(() => last).toContain('data: the newest\n\n');
});

it('ends the stream of a client that has not taken an event for 10 seconds', async () => {
  const { streams, open, pass } = await start();
  const [reads, stalls] = [await open(), await open()];
  reads.resume();
  stalls.pause();
  const event = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 200; count += 1) {
    streams.send(event);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(streams.size).toBe(2);
  // Reads of the other stream do not matter.
  await expect
    .poll(() => {
      pass(1_000);
      streams.send('x');
      return streams.size;
    })
    .toBe(1);
  const closed = once(stalls.resume(), 'close');
  await closed;
  expect(reads.destroyed).toBe(false);
});

it('ends the oldest of 8 streams for another, but not before it has been open for 30 seconds', async () => {
  const { streams, refused, open, pass } = await start();
  const sockets: Socket[] = [];
  for (let count = 0; count < 8; count += 1) sockets.push((await open()).resume());
  pass(29_999);
  await open();
  expect([streams.size, refused.length]).toEqual([8, 1]);
  pass(1);
  const ended = once(sockets[0] as Socket, 'close');
  const socket = connectTo(sockets[0] as Socket);
  await ended;
  await expect.poll(() => streams.size).toBe(8);
  expect(sockets.slice(1).some(({ destroyed }) => destroyed)).toBe(false);
  expect(socket.destroyed).toBe(false);
});

it('answers HEAD with the headers of a stream, without a body', async () => {
  const { streams, open, port } = await start();
  const ask = () => fetch(`http://127.0.0.1:${port}`, { method: 'HEAD' });
  const answer = await ask();
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(streams.size).toBe(0);
  for (let count = 0; count < 8; count += 1) await open();
  expect((await ask()).status).toBe(503);
});

/** Another stream of the same server. */
function connectTo({ remotePort = 0 }: Socket): Socket {
  const socket = connect(remotePort, '127.0.0.1').on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

it('ends its streams when it is closed', async () => {
  const { streams, open } = await start();
  const sockets = [await open(), await open()];
  const ends = sockets.map((socket) => once(socket.resume(), 'end'));
  streams.close();
  await Promise.all(ends);
  await expect.poll(() => streams.size).toBe(0);
});
