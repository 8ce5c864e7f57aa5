import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../support/httpsClientUnderTest.ts';
import { answerWell, metadata, soon, startClientAndServer as start } from '../support/scriptedProxy.ts';
import { httpAnswer, type Script } from '../support/scriptedTlsServer.ts';

describe('the client reports a failure after the request:', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;

  it.each<[string, Script, RegExp]>([
    ['a reset', (socket) => socket.destroy(), /^ConnectionLost: closed without an answer, /],
    [
      'half a head',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'),
      /^ConnectionLost: closed before the end of the answer: /,
    ],
    [
      'half a body',
      (socket) => socket.end(`${head}Content-Length: 99\r\n\r\n{"keySpec"`),
      /^ConnectionLost: closed before the end of the answer: /,
    ],
    [
      'half a chunk',
      (socket) => socket.end(`${chunked}40\r\n{"keySpec"`),
      /^ConnectionLost: closed before the end of the answer: /,
    ],
    [
      'an invalid chunk',
      (socket) => socket.write(`${chunked}zz\r\n`),
      /^InvalidResponse: not HTTP: Invalid character in chunk size$/,
    ],
    ['an answer that is not HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), /^InvalidResponse: not HTTP: /],
    [
      'a head that does not end',
      (socket) => socket.write(`${head}X: ${'x'.repeat(100_000)}`),
      /^InvalidResponse: not HTTP: Header overflow$/,
    ],
    [
      'an invalid Content-Length',
      (socket) => socket.write(`${head}Content-Length: -1\r\n\r\n`),
      /^InvalidResponse: not HTTP: /,
    ],
    [
      'a huge body',
      (socket) => socket.write(`${head}Content-Length: 70000\r\n\r\n"${'x'.repeat(70_000)}`),
      /^InvalidResponse: an answer of more than 65536 bytes$/,
    ],
    ['a body that does not end', endlessChunks(chunked), /^InvalidResponse: an answer of more than 65536 bytes$/],
    [
      'another protocol',
      (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'),
      /^InvalidResponse: HTTP 101$/,
    ],
    [
      'a redirect',
      (socket) => socket.write(httpAnswer('', { status: 307, headers: { Location: 'https://xks.example.com/' } })),
      /^InvalidResponse: HTTP 307, not JSON$/,
    ],
    [
      'no content',
      (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
      /^InvalidResponse: HTTP 204, content type: none$/,
    ],
    [
      'a page',
      (socket) => socket.write(httpAnswer('<html>', { headers: { 'Content-Type': 'text/html' } })),
      /^InvalidResponse: HTTP 200, content type: text\/html$/,
    ],
    ['not JSON', (socket) => socket.write(httpAnswer('{"keySpec":')), /^InvalidResponse: HTTP 200, not JSON$/],
    [
      'compressed',
      (socket) => socket.write(httpAnswer('\x1f\x8b\b', { headers: { 'Content-Encoding': 'gzip' } })),
      /^InvalidResponse: HTTP 200, not JSON$/,
    ],
    [
      'an unknown error',
      (socket) => socket.write(httpAnswer({ errorName: 'Oops' }, { status: 500 })),
      /^InvalidResponse: HTTP 500, errorName: not an error/,
    ],
    [
      'InternalException',
      (socket) => socket.write(httpAnswer({ errorName: 'InternalException', errorMessage: 'No.' }, { status: 500 })),
      /^InternalException: No\.$/,
    ],
  ])('%s', async (_what, script, message) => {
    const { ask, proxy, exchanges, call } = await start(script);
    const failure = await failureOf(ask());
    expect(failure.message).toMatch(message);
    expect(proxy.requests).toHaveLength(1);
    expect(proxy.connections()).toBe(1);
    expect(exchanges).toMatchObject([
      { call, xksOperation: 'GetKeyMetadata', failure, certificate: { commonName: 'localhost' }, health: undefined },
    ]);
  });

  it('a ciphertext with a wrong CDIV', async () => {
    const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64');
    const body = {
      ciphertext: zeros(1),
      initializationVector: zeros(12),
      authenticationTag: zeros(16),
      ciphertextDataIntegrityValue: zeros(32),
    };
    const { client, call, proxy } = await start((socket) => socket.write(httpAnswer(body)));
    const failure = await failureOf(client.encrypt(call, 'foo', Buffer.alloc(1), Buffer.alloc(0)));
    expect(failure.message).toBe('InvalidResponse: ciphertextDataIntegrityValue: does not match');
    expect(proxy.requests).toHaveLength(1);
  });

  it.each<[string, Script]>([
    ['silence', () => undefined],
    ['half a head', (socket) => socket.write(head)],
    ['half a body', (socket) => socket.write(`${head}Content-Length: 99\r\n\r\n{"keySpec"`)],
    ['a head of one byte at a time', slowly(head)],
    ['a body of one byte at a time', slowly(`${chunked}${'1\r\n \r\n'.repeat(20_000)}`, chunked.length)],
    ['interim answers without end', slowly('HTTP/1.1 102 Processing\r\n\r\n'.repeat(2_000), 1)],
  ])('%s, twice', async (_what, script) => {
    const { ask, proxy, exchanges } = await start(script, {}, soon);
    const failure = await failureOf(ask());
    expect(failure.message).toBe('TimedOut: no answer within 1000 ms');
    expect(proxy.requests).toHaveLength(2);
    expect(proxy.connections()).toBe(2);
    expect(exchanges).toMatchObject([{ failure, certificate: { commonName: 'localhost' } }]);
  });

  it('silence for one request', async () => {
    const script: Script = (socket, count) => count > 1 && socket.write(httpAnswer(metadata));
    const { ask, proxy, exchanges } = await start(script, {}, { answerWithinMs: 1_000 });
    expect(await ask()).toEqual(metadata);
    expect(proxy.requests).toHaveLength(2);
    expect(proxy.connections()).toBe(2);
    expect(proxy.requests[1]?.split('\r\n\r\n')[1]).toBe(proxy.requests[0]?.split('\r\n\r\n')[1]);
    expect(exchanges).toMatchObject([{ failure: undefined }]);
  });

  it('silence for a request and its retry takes both time limits', async () => {
    const readings = [1_000, 1_512];
    const { ask, exchanges } = await start(
      () => undefined,
      {},
      {
        ...soon,
        monotonicClock: () => readings.shift() ?? NaN,
      },
    );
    await failureOf(ask());
    expect(exchanges).toMatchObject([{ latencyMs: 512 }]);
  });

  it('silence, then a reset', async () => {
    const script: Script = (socket, count) => count > 1 && socket.destroy();
    const { ask, proxy } = await start(script, {}, { answerWithinMs: 1_000 });
    expect((await failureOf(ask())).reason).toBe('ConnectionLost');
    expect(proxy.requests).toHaveLength(2);
  });
});

describe('connections', () => {
  it('are kept from one request to the next', async () => {
    const { ask, proxy, exchanges } = await start(answerWell);
    for (let count = 1; count <= 3; count += 1) await ask();
    expect(proxy.requests).toHaveLength(3);
    expect(proxy.connections()).toBe(1);
    expect(exchanges.map(({ certificate }) => certificate?.commonName)).toEqual(Array(3).fill('localhost'));
  });

  it('that the proxy has closed are replaced when they are used', async () => {
    // Answers, and closes without reading the next request, as if the two had crossed.
    const script: Script = (socket, count) => (count === 2 ? socket.destroy() : socket.write(httpAnswer(metadata)));
    const { ask, proxy, exchanges } = await start(script);
    await ask();
    expect(await ask()).toEqual(metadata);
    expect(proxy.requests).toHaveLength(3);
    expect(proxy.connections()).toBe(2);
    expect(exchanges.map(({ failure }) => failure)).toEqual([undefined, undefined]);
  });

  it('that are closed although they are new make the request fail', async () => {
    const script: Script = (socket, count) => (count > 1 ? socket.destroy() : socket.write(httpAnswer(metadata)));
    const { ask, proxy } = await start(script);
    await ask();
    expect((await failureOf(ask())).reason).toBe('ConnectionLost');
    expect(proxy.requests).toHaveLength(3);
  });

  it('that the proxy closes after the first byte of an answer make the request fail', async () => {
    const script: Script = (socket, count) => (count > 1 ? socket.end('H') : socket.write(httpAnswer(metadata)));
    const { ask, proxy } = await start(script);
    await ask();
    expect((await failureOf(ask())).message).toMatch(/^ConnectionLost: closed before the end of the answer: /);
    expect(proxy.requests).toHaveLength(2);
  });

  it('with bytes after an answer do not answer the next request', async () => {
    const script: Script = (socket) =>
      socket.write(httpAnswer(metadata) + httpAnswer({ ...metadata, keyStatus: 'DISABLED' }));
    const { ask } = await start(script);
    expect(await ask()).toEqual(metadata);
    expect(await ask()).toEqual(metadata);
  });

  it('are new after a disconnection, which does not end running requests', async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<TLSSocket>();
    const script: Script = (socket, count) => {
      if (count === 2) arrive(socket);
      else socket.write(httpAnswer(metadata));
    };
    const { ask, client, proxy } = await start(script);
    await ask();
    const underWay = ask();
    const socket = await arrived;
    client.disconnect('https://localhost');
    await ask();
    expect(proxy.connections()).toBe(2);
    socket.write(httpAnswer(metadata));
    expect(await underWay).toEqual(metadata);
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('that the client itself closes are not replaced', async () => {
    const script: Script = (socket, count) => count === 1 && socket.write(httpAnswer(metadata));
    const { ask, proxy, client } = await start(script);
    await ask();
    const unanswered = failureOf(ask());
    await expect.poll(() => proxy.requests.length).toBe(2);
    client.close();
    expect((await unanswered).reason).toBe('ConnectionLost');
    expect(proxy.connections()).toBe(1);
  });

  it('of a disconnected endpoint are closed when the client is', async () => {
    const { ask, proxy, client } = await start(() => undefined, {}, { answerWithinMs: 60_000 });
    const unanswered = failureOf(ask());
    await expect.poll(() => proxy.requests.length).toBe(1);
    client.disconnect('https://localhost');
    client.close();
    expect((await unanswered).reason).toBe('ConnectionLost');
  });

  it('are new for the second attempt, though others are idle', async () => {
    const sockets: TLSSocket[] = [];
    const script: Script = (socket, count) => {
      if (count <= 2) sockets.push(socket);
      if (count === 2) for (const each of sockets) each.write(httpAnswer(metadata));
      if (count === 4) socket.write(httpAnswer(metadata));
    };
    const { ask, proxy } = await start(script, {}, { answerWithinMs: 1_000 });
    await Promise.all([ask(), ask()]);
    expect(proxy.connections()).toBe(2);
    expect(await ask()).toEqual(metadata);
    expect(proxy.requests).toHaveLength(4);
    expect(proxy.connections()).toBe(3);
  });

  it('are as many as there are concurrent requests', async () => {
    const sockets: TLSSocket[] = [];
    const script: Script = (socket) => {
      sockets.push(socket);
      if (sockets.length === 20) for (const each of sockets) each.write(httpAnswer(metadata));
    };
    const { ask, proxy } = await start(script);
    expect(await Promise.all(Array.from({ length: 20 }, ask))).toHaveLength(20);
    expect(proxy.connections()).toBe(20);
  });
});

/** Sends chunks while the connection accepts them. */
function endlessChunks(start: string): Script {
  return (socket) => {
    const chunk = `1000\r\n${' '.repeat(4_096)}\r\n`;
    const send = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', send).write(start);
    send();
  };
}

/** Sends `atOnce` bytes, then one every few milliseconds. */
function slowly(text: string, atOnce = 0): Script {
  return (socket) => {
    let sent = atOnce;
    socket.write(text.slice(0, sent));
    const timer = setInterval(() => {
      socket.write(text.slice(sent, (sent += 1)));
    }, 5);
    socket.once('close', () => {
      clearInterval(timer);
    });
  };
}
