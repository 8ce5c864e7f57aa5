import type { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { OPERATIONS } from '../../src/xksClient/keyStoreClient.ts';
import { RIGHT_STEPS } from '../support/fakeXksProxySteps.ts';
import type { Faults } from './faults.ts';
import { replaces } from './faultySteps.ts';

/** Faults of TLS and HTTP. */
export const faultyTransport: Faults = {
  transport: [
    ['accepts TLS 1.0', { tls: { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } }, ['tls-old-versions']],
    ['accepts TLS 1.1', { tls: { minVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } }, ['tls-old-versions']],
    [
      'offers none of the required suites',
      { tls: { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } },
      ['tls-required-suites'],
    ],
    ['requests no client certificate', { tls: { requestCert: false } }, ['mtls-without-certificate']],
    [
      'begins to answer a client without a certificate',
      {
        tls: { rejectUnauthorized: false },
        send: (reply, response) => {
          if (isAdmitted(response)) RIGHT_STEPS.send(reply, response);
          else response.writeHead(200, { 'Content-Length': 100 }).write('{', () => response.destroy());
        },
      },
      ['mtls-without-certificate'],
    ],
    [
      'closes connections without ALPN after the handshake',
      {
        tls: {},
        send: (reply, response) => {
          if (isWithoutAlpn(response)) response.destroy();
          else RIGHT_STEPS.send(reply, response);
        },
      },
      ['tls-without-alpn'],
    ],
    [
      'answers in HTTP/1.0',
      {
        send: ({ status, headers, body }, { socket }) => {
          const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
          socket?.end(`HTTP/1.0 ${status} \r\n${lines.join('')}\r\n${JSON.stringify(body)}`);
        },
      },
      ['http-1.1', 'connection-reuse'],
    ],
    [
      'serves other methods',
      replaces(405, { status: 200, body: {} }),
      [...OPERATIONS.map((operation) => `get-${operation}`), 'get-unsigned', 'put', 'allow-header'],
    ],
    ['sends 405 without Allow', replaces(405, { headers: {} }), ['allow-header']],
    ['sends a success without Content-Type', replaces(200, { headers: {} }), ['content-type-of-success']],
    [
      'sends ciphertexts as text',
      replaces(200, { headers: { 'content-type': 'text/plain' } }, ({ path }) => path.endsWith('/encrypt')),
      ['content-type-of-success'],
    ],
    ['sends an error without Content-Type', replaces(400, { headers: {} }), ['content-type-of-errors']],
    [
      'closes each connection after one answer',
      { reply: (reply) => ({ ...reply, headers: { ...reply.headers, connection: 'close' } }) },
      ['connection-reuse'],
    ],
    [
      'refuses chunked bodies',
      replaces(200, { status: 411 }, ({ headers }) => headers.has('transfer-encoding')),
      ['chunked'],
    ],
  ],
};

function isAdmitted({ socket }: ServerResponse): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

function isWithoutAlpn({ socket }: ServerResponse): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === false;
}
