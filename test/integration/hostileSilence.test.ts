import { afterAll, beforeAll, expect, it } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody } from '../support/messages.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let proxy: RunningProxy;

beforeAll(async () => {
  proxy = await RunningProxy.start(new ProxyFiles());
});
afterAll(() => proxy.dispose());

const HALF_HANDSHAKE = Buffer.from('16030100c4010000c00303', 'hex');
const CHUNK = `10000\r\n${' '.repeat(0x10000)}\r\n`;

function secured(begun: string): RawConnection {
  const connection = new RawConnection(proxy.port, { ca: testCertificates.ca.certificate });
  if (begun !== '') void connection.send(begun);
  return connection;
}

function unsecured(begun: Buffer): RawConnection {
  const connection = new RawConnection(proxy.port);
  if (begun.length > 0) void connection.send(begun);
  return connection;
}

it('300 clients that stop half way, and clients that never end, are closed while others are served', async () => {
  const [credential] = proxy.files.credentials;
  const whole = rawPost({ credential });
  const head = whole.slice(0, whole.indexOf('x-amz-date'));
  const idle = secured(whole);
  const stalled = Array.from({ length: 60 }, () => [
    unsecured(Buffer.alloc(0)),
    unsecured(HALF_HANDSHAKE),
    secured(''),
    secured(head),
    secured(whole.slice(0, -1)),
  ]).flat();
  const endless: [connection: RawConnection, more: string][] = [
    [secured(head), 'X-A: a\r\n'],
    [secured(rawPost({ credential, payload: JSON.stringify(encryptBody).slice(0, 9) })), ' '],
    [secured(rawPost({ credential, framing: 'Transfer-Encoding: chunked\r\n', payload: '' })), CHUNK],
  ];
  const more = setInterval(() => {
    for (const [connection, bytes] of endless) void connection.send(bytes);
  }, 200);

  for (let count = 0; count < 20; count += 1) await proxy.proveService();
  const connections = [...stalled, ...endless.map(([connection]) => connection)];
  const ends = await Promise.all(connections.map((connection) => connection.closed()));
  clearInterval(more);
  await proxy.proveService();

  // They need not receive a reason.
  expect(ends.flat().filter(({ status }) => status !== 400)).toEqual([]);
  expect(idle.isOpen).toBe(true);
  idle.reset();
});
