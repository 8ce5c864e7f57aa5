import { createServer, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Response } from 'express';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { TrailEntry } from '../../../src/audit/trail/trailEntry.ts';
import { jsonAnswer } from '../../../src/http/answer.ts';
import type { Exchange } from '../../../src/http/exchange.ts';
import { respondWith, type EndedRequest } from '../../../src/http/respond.ts';
import { listenLocally } from '../../support/listenLocally.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const ANSWER = jsonAnswer(200, { keyStatus: 'ENABLED' });

/** The server's side of requests on one connection, which wait for their records. */
interface Waiting {
  readonly client: Socket;
  readonly received: () => string;
  readonly exchanges: readonly Exchange[];
  readonly entries: readonly TrailEntry[];
  readonly responses: readonly ServerResponse[];
  readonly observed: readonly EndedRequest[];
  readonly aborted: readonly object[];
}

/** Sends requests at once; each is answered with 200 when its entry is reported as written. */
async function requests(count: number, known: Partial<Exchange> = { accessKeyId: 'KEY' }): Promise<Waiting> {
  const entries: TrailEntry[] = [];
  const exchanges: Exchange[] = [];
  const responses: ServerResponse[] = [];
  const observed: EndedRequest[] = [];
  const aborted: object[] = [];
  const record = (entry: TrailEntry) => void entries.push(entry);
  const trail = {
    record,
    recordUnauthenticated: (entry: TrailEntry) => {
      record(entry);
      return false;
    },
  };
  const log = { warn: (line: object) => void aborted.push(line) };
  const respond = respondWith(trail, log, (request) => observed.push(request));
  const server = createServer((_req, res) => {
    const exchange: Exchange = { startedAt: performance.now(), onEnd: vi.fn(), remoteAddress: '127.0.0.1', ...known };
    exchanges.push(exchange);
    responses.push(res);
    respond(exchange, res as Response, ANSWER);
  });
  const { port, close } = await listenLocally(server);
  const client = connect(port, '127.0.0.1');
  let received = '';
  client.setEncoding('utf8').on('data', (text) => {
    received += text.toString();
  });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
    return close();
  });
  client.write(REQUEST.repeat(count));
  await vi.waitFor(
    () => {
      expect(entries).toHaveLength(count);
    },
    { timeout: 60_000 },
  );
  return { client, received: () => received, exchanges, entries, responses, observed, aborted };
}

async function ended({ exchanges }: Waiting): Promise<void> {
  await vi.waitFor(
    () => {
      for (const { onEnd } of exchanges) expect(onEnd).toHaveBeenCalledOnce();
    },
    { timeout: 60_000 },
  );
}

it('an answer is sent only after its record was written', async () => {
  const waiting = await requests(1);
  const [entry] = waiting.entries;
  expect(entry?.record).toMatchObject({
    type: 'request',
    level: 'info',
    members: { outcome: 'success', httpStatus: 200 },
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(waiting.received()).toBe('');
  entry?.onWritten(7);
  await ended(waiting);
  expect(waiting.received()).toMatch(/^HTTP\/1\.1 200 [^]*\{"keyStatus":"ENABLED"\}$/);
  expect(waiting.observed).toMatchObject([{ outcome: 'success', httpStatus: 200 }]);
  expect(waiting.aborted).toEqual([]);
});

it('a request whose record is late gets an InternalException, and its record reports the failure', async () => {
  const waiting = await requests(1);
  expect(waiting.entries[0]?.onLate()).toMatchObject({
    outcome: 'failure',
    httpStatus: 500,
    errorName: 'InternalException',
    errorMessage: 'The proxy cannot record requests now.',
  });
  await ended(waiting);
  expect(waiting.received()).toMatch(/^HTTP\/1\.1 500 /);
  expect(waiting.received()).not.toContain('ENABLED');
  expect(waiting.observed).toMatchObject([{ outcome: 'failure', httpStatus: 500 }]);
});

it('answers of pipelined requests keep their order, even if their records are written in another order', async () => {
  const waiting = await requests(3);
  const [one, two, three] = waiting.entries;
  three?.onWritten(3);
  one?.onLate();
  two?.onWritten(2);
  await ended(waiting);
  expect(waiting.received().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 500', 'HTTP/1.1 200', 'HTTP/1.1 200']);
});

it.each([
  ['before their records', false],
  ['while one request waits for another', true],
])('if the client disconnects %s, each request ends and is logged with its index', async (_when, oneIsWritten) => {
  const waiting = await requests(3);
  const [one, two, three] = waiting.entries;
  if (oneIsWritten) two?.onWritten(2);
  waiting.client.resetAndDestroy();
  await vi.waitFor(
    () => {
      expect(waiting.responses.every(({ destroyed }) => destroyed)).toBe(true);
    },
    { timeout: 60_000 },
  );
  one?.onWritten(1);
  if (!oneIsWritten) two?.onWritten(2);
  three?.onLate();
  await ended(waiting);
  expect(waiting.observed.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted', 'aborted']);
  const lines = waiting.aborted as { index?: number; httpStatus: number; outcome: string }[];
  expect(lines.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted', 'aborted']);
  expect(lines.map(({ index, httpStatus }) => [index, httpStatus]).sort()).toEqual([
    [undefined, 500],
    [1, 200],
    [2, 200],
  ]);
});

it('a request that shares its record has no line after its client disconnected', async () => {
  const waiting = await requests(1, {});
  waiting.client.resetAndDestroy();
  await vi.waitFor(
    () => {
      expect(waiting.responses[0]?.destroyed).toBe(true);
    },
    { timeout: 60_000 },
  );
  waiting.entries[0]?.onWritten(undefined);
  await ended(waiting);
  expect(waiting.observed).toMatchObject([{ outcome: 'aborted' }]);
  expect(waiting.aborted).toEqual([]);
});
