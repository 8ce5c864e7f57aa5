import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { connectionFailure, lateFailure } from '../../../src/kms/xksProxy/connectionFailure.ts';
import { ProxyConnection } from '../../../src/kms/xksProxy/proxyConnection.ts';

function connectionAfter(...events: string[]): ProxyConnection {
  const socket = new Socket();
  const connection = new ProxyConnection(socket);
  for (const event of events) socket.emit(event);
  return connection;
}

const noNetwork = Object.assign(new Error('connect ENETUNREACH 192.0.2.1:443'), { code: 'ENETUNREACH' });
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
// As in Node: without a message.
const severalAddresses = Object.assign(new AggregateError([noNetwork]), { code: 'ECONNREFUSED' });
const otherName = Object.assign(new Error('Hostname does not match: \x1b[31m'), {
  code: 'ERR_TLS_CERT_ALTNAME_INVALID',
});

it.each<[string, Error, string[], string]>([
  ['no network', noNetwork, [], 'NotReachable: no TCP connection: connect ENETUNREACH 192.0.2.1:443'],
  ['a reset during the handshake', reset, ['connect'], 'InvalidTls: no TLS connection: read ECONNRESET'],
  [
    'another name',
    otherName,
    ['connect'],
    'InvalidTlsName: certificate for another name: Hostname does not match: ?[31m',
  ],
  [
    'a reset after the handshake',
    reset,
    ['connect', 'secureConnect'],
    'ConnectionLost: closed before the end of the answer: read ECONNRESET',
  ],
  ['several addresses', severalAddresses, [], 'NotReachable: no TCP connection: ECONNREFUSED'],
])('%s', (_what, error, events, message) => {
  expect(connectionFailure(error, connectionAfter(...events)).message).toBe(message);
});

it.each<[string, string[], string]>([
  ['without a TCP connection', [], 'NotReachable: no TCP connection within 250 ms'],
  ['without a TLS connection', ['connect'], 'TimedOut: no answer within 250 ms'],
  ['without an answer', ['connect', 'secureConnect'], 'TimedOut: no answer within 250 ms'],
])('too late, %s', (_what, events, message) => {
  expect(lateFailure(connectionAfter(...events), 250).message).toBe(message);
});

it('too late, without a free connection', () => {
  expect(lateFailure(undefined, 250).message).toBe('TimedOut: no answer within 250 ms');
});
