import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { Connections, type Connection } from '../../../src/server/connections.ts';

let connections: Connections;
beforeEach(() => {
  connections = new Connections(8);
});

function open(): Connection {
  const { opened } = connections.open(new Socket());
  if (!opened) throw new Error('refused');
  return opened;
}

/** Starts a request whose bytes have all arrived, or not. */
function begin(connection: Connection, complete = true): { closed: boolean } {
  const req = new IncomingMessage(connection.socket);
  req.complete = complete;
  const res = new ServerResponse(req);
  const state = { closed: false };
  Object.defineProperty(res, 'closed', { get: () => state.closed });
  connection.lastRequest = { req, res };
  return state;
}

function served(): Connection {
  const connection = open();
  begin(connection).closed = true;
  connections.answered(connection);
  return connection;
}

const make = (count: number, one: () => Connection) => Array.from({ length: count }, one);

describe('at capacity, the connection that makes room is', () => {
  it('the new one that has waited longest, if new ones hold a quarter', () => {
    const fresh = make(2, open);
    make(6, served);
    expect(connections.open(new Socket()).closed).toBe(fresh[0]);
    expect(fresh[0]?.socket.destroyed).toBe(true);
    expect(connections.size).toBe(8);
  });

  it('the one that has had no request for longest, if the new ones are few', () => {
    const idle = make(7, served);
    const [first] = idle;
    const fresh = open();
    if (first) connections.answered(first);
    expect(connections.open(new Socket()).closed).toBe(idle[1]);
    expect(fresh.socket.destroyed).toBe(false);
  });

  it('one that is still sending its request', () => {
    const [busy, ...others] = make(8, open);
    for (const connection of [busy, ...others.slice(1)]) if (connection) begin(connection);
    if (others[0]) begin(others[0], false);
    expect(connections.open(new Socket()).closed).toBe(others[0]);
  });

  it('the new connection, if all others wait for their answers', () => {
    for (const connection of make(8, open)) begin(connection);
    const socket = new Socket();
    const { opened, closed } = connections.open(socket);
    expect(opened).toBeUndefined();
    expect(closed?.socket).toBe(socket);
    expect(socket.destroyed).toBe(true);
    expect(connections.size).toBe(8);
  });

  it('none, after one has closed', async () => {
    const [first] = make(8, open);
    first?.socket.destroy();
    await new Promise((resolve) => first?.socket.once('close', resolve));
    expect(connections.open(new Socket()).closed).toBeUndefined();
  });
});

it('a closed connection does not return to the list with its last answer', () => {
  const [first] = make(8, open);
  open();
  if (first) connections.answered(first);
  expect(connections.size).toBe(8);
});

it('after close, has no connection, and closes each new one', () => {
  const all = [...make(3, served), ...make(3, open)];
  connections.close();
  const late = new Socket();
  expect(connections.open(late)).toEqual({});
  expect([...all.map(({ socket }) => socket), late].filter(({ destroyed }) => !destroyed)).toEqual([]);
});
