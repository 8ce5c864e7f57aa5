import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { LISTEN_DURATIONS } from '../../src/server/listenDurations.ts';
import { testCertificates } from '../support/certificates.ts';
import { identity, REQUEST, startServer } from '../support/listeningServer.ts';
import { CLIENT_ADDRESS, CRC32C_TLV, proxyHeader, vpceTlv } from '../support/proxyHeader.ts';
import { RawConnection } from '../support/rawConnection.ts';

const { client, server } = testCertificates;
const ca = testCertificates.ca.certificate;
const ID = 'vpce-0123456789abcdef0';
const OTHER_ID = 'vpce-1123456789abcdef0';
const CN = 'cks.kms.us-east-1.amazonaws.com';

const enabled = { proxyProtocol: { enabled: true, vpcEndpointIds: [] } };
const restricted = { proxyProtocol: { enabled: true, vpcEndpointIds: [OTHER_ID, ID] } };
const mutual = { tls: identity(server, { ca, commonNames: [CN] }) };
const plain = { tls: undefined };

const header = proxyHeader({ tlvs: [CRC32C_TLV, vpceTlv(ID), [0x04, Buffer.alloc(36)]] });
const known = { remoteAddress: CLIENT_ADDRESS, vpcEndpointId: ID };
const local = proxyHeader({ command: 0x20, addresses: Buffer.alloc(0), tlvs: [[0x04, Buffer.alloc(74)]] });

describe('a connection with a header', () => {
  it.each([
    ['over TLS', {}, known],
    ['with mTLS', mutual, { ...known, clientCommonName: CN }],
    ['through an admitted VPC endpoint', { ...mutual, ...restricted }, { ...known, clientCommonName: CN }],
  ])('is served %s', async (_how, options, expected) => {
    const proxy = await startServer({ ...enabled, ...options });
    const connection = new RawConnection(proxy.port, {
      preface: header,
      ca,
      cert: client.certificate,
      key: client.privateKey,
    });
    await connection.send(REQUEST + REQUEST);
    await connection.answered(2);
    expect(proxy.clients).toEqual([expected, expected]);
    expect(proxy.refusals).toEqual([]);
  });

  it.each([1, 15, 16, 17, header.length])('is served over TLS, in pieces of %i bytes', async (size) => {
    const proxy = await startServer(enabled);
    const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
    for (let at = 0; at < header.length; at += size) {
      socket.write(header.subarray(at, at + size));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const stream = connectTls({ socket, host: '127.0.0.1', ca });
    stream.write(REQUEST);
    const [answer] = (await once(stream, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
    expect(proxy.clients).toEqual([known]);
    socket.destroy();
  });

  it.each([1, 16, 40, 1_000])('is served over plain HTTP, in pieces of %i bytes', async (size) => {
    const proxy = await startServer({ ...enabled, ...plain });
    const connection = new RawConnection(proxy.port);
    const bytes = Buffer.concat([header, Buffer.from(REQUEST.repeat(3))]);
    for (let at = 0; at < bytes.length; at += size) await connection.send(bytes.subarray(at, at + size));
    await connection.answered(3);
    await connection.send(REQUEST);
    expect(await connection.answered(4)).toHaveLength(4);
    expect(proxy.clients).toEqual([known, known, known, known]);
    connection.reset();
  });

  it.each([
    ['over TLS', {}],
    ['over plain HTTP', plain],
  ])('of 16 KiB is served %s', async (_how, options) => {
    const padding = 16_384 - header.length;
    const long = proxyHeader({ tlvs: [CRC32C_TLV, [0x04, Buffer.alloc(36 + padding)], vpceTlv(ID)] });
    expect(long).toHaveLength(16_384);
    const proxy = await startServer({ ...enabled, ...options });
    const tls = options === plain ? {} : { ca };
    const connection = new RawConnection(proxy.port, { preface: long, ...tls });
    await connection.send(REQUEST);
    await connection.answered();
    expect(proxy.clients).toEqual([known]);
    connection.reset();
  });

  it('is served if more bytes follow than a socket buffers', async () => {
    const proxy = await startServer({ ...enabled, ...plain });
    const connection = new RawConnection(proxy.port);
    const body = Buffer.alloc(100_000, 'x');
    const post = Buffer.from(`POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
    await connection.send(Buffer.concat([header, post, body, post, body, post, body]));
    expect((await connection.answered(3)).map(({ status }) => status)).toEqual([200, 200, 200]);
    connection.reset();
  });

  it('without an address is logged with the address of the socket', async () => {
    const proxy = await startServer({ ...enabled, ...plain });
    const connection = new RawConnection(proxy.port);
    await connection.send(proxyHeader({ family: 0, addresses: Buffer.alloc(0) }));
    await connection.send(REQUEST);
    await connection.answered();
    expect(proxy.clients).toEqual([{ remoteAddress: '127.0.0.1' }]);
    connection.reset();
  });
});

describe('a health check', () => {
  it.each([
    ['', {}],
    [' if client certificates are needed', mutual],
    [' if VPC endpoints are restricted', restricted],
  ])('succeeds with TLS%s, and gets no answer to a request', async (_where, options) => {
    const proxy = await startServer({ ...enabled, ...options });
    const connection = new RawConnection(proxy.port, { preface: local, ca });
    await connection.send(REQUEST);
    await connection.closed();
    expect(connection.tls.authorized).toBe(true);
    expect(connection.received).toBe('');
    expect(proxy.clients).toEqual([]);
    expect(proxy.refusals.filter(({ routine }) => !routine)).toEqual([]);
  });

  it.each([plain, {}])('over TCP only is closed', async (options) => {
    const proxy = await startServer({ ...enabled, ...options });
    const connection = new RawConnection(proxy.port);
    await connection.send(local);
    connection.finish();
    await connection.closed();
    const silent = new RawConnection(proxy.port);
    silent.finish();
    await silent.closed();
    expect(connection.received + silent.received).toBe('');
    expect(proxy.refusals.filter(({ routine }) => !routine)).toEqual([]);
  });

  it('gets no answer to a request over plain HTTP', async () => {
    const proxy = await startServer({ ...enabled, ...plain });
    const connection = new RawConnection(proxy.port);
    await connection.send(Buffer.concat([local, Buffer.from(REQUEST)]));
    await connection.closed();
    expect(connection.received).toBe('');
    expect(proxy.clients).toEqual([]);
  });
});

describe('the server refuses without an answer', () => {
  it.each<[string, Buffer, string]>([
    ['another VPC endpoint', proxyHeader({ tlvs: [vpceTlv('vpce-2123456789abcdef0')] }), 'another VPC endpoint'],
    ['no VPC endpoint', proxyHeader(), 'no VPC endpoint'],
    [
      'a VPC endpoint in a header without addresses',
      proxyHeader({ family: 0, tlvs: [vpceTlv(ID)] }),
      'no VPC endpoint',
    ],
    ['TLS without a header', Buffer.alloc(0), 'no PROXY protocol v2 header'],
    ['a header of version 1', Buffer.from('PROXY TCP4 10.1.2.3 10.0.0.1 49153 443\r\n'), 'no PROXY protocol v2 header'],
    ['a header whose length is too large', proxyHeader({ length: 65_535 }), 'a PROXY protocol header that is too long'],
    [
      'a wrong checksum',
      proxyHeader({ tlvs: [[3, Buffer.alloc(4, 1)]] }),
      'a PROXY protocol header with a wrong checksum',
    ],
  ])('%s', async (_what, preface, reason) => {
    const proxy = await startServer(restricted);
    const connection = new RawConnection(proxy.port, { preface, ca });
    await connection.send(REQUEST);
    await connection.closed();
    expect(connection.tls.authorized).toBe(false);
    expect(proxy.clients).toEqual([]);
    expect(proxy.refusals).toMatchObject([{ reason, routine: false }]);
  });

  it('plain HTTP without a header', async () => {
    const proxy = await startServer({ ...enabled, ...plain });
    const connection = new RawConnection(proxy.port);
    await connection.send(REQUEST);
    await connection.closed();
    expect(connection.received).toBe('');
  });

  it('half a header, while other clients are served', async () => {
    const proxy = await startServer({ ...enabled, durations: { ...LISTEN_DURATIONS, proxyHeaderMs: 2_000 } });
    const halves = Array.from({ length: 20 }, (_, index) => {
      const connection = new RawConnection(proxy.port);
      void connection.send(header.subarray(0, index * 5));
      return connection;
    });
    const served = new RawConnection(proxy.port, { preface: header, ca });
    await served.send(REQUEST);
    await served.answered();
    for (const half of halves) {
      await half.closed();
      expect(half.received).toBe('');
    }
    expect(proxy.refusals.map(({ reason }) => reason)).toEqual(halves.map(() => 'no PROXY protocol header in time'));
    served.reset();
  });
});

describe('a header that the configuration does not expect is refused', () => {
  it('over TLS', async () => {
    const proxy = await startServer();
    const connection = new RawConnection(proxy.port, { preface: header, ca });
    await connection.send(REQUEST);
    await connection.closed();
    expect(connection.received).toBe('');
    expect(proxy.clients).toEqual([]);
  });

  it('over plain HTTP', async () => {
    const proxy = await startServer(plain);
    const connection = new RawConnection(proxy.port);
    await connection.send(Buffer.concat([header, Buffer.from(REQUEST)]));
    expect(await connection.closed()).toMatchObject([{ status: 400 }]);
    expect(proxy.clients).toEqual([]);
  });

  it('after the header of the load balancer', async () => {
    const proxy = await startServer(enabled);
    const forged = proxyHeader({ tlvs: [vpceTlv(OTHER_ID)] });
    const connection = new RawConnection(proxy.port, { preface: Buffer.concat([header, forged]), ca });
    await connection.send(REQUEST);
    await connection.closed();
    expect(proxy.clients).toEqual([]);
    expect(proxy.refusals).toMatchObject([{ ...known, reason: expect.stringMatching(/^ERR_SSL_/) as string }]);
  });
});

it('a drain ends connections with an incomplete header, and answers a request that arrives soon after its start', async () => {
  const proxy = await startServer({ ...enabled, ...plain });
  const half = new RawConnection(proxy.port);
  await half.send(header.subarray(0, 20));
  const quick = new RawConnection(proxy.port);
  await quick.send(header.subarray(0, 20));
  const served = new RawConnection(proxy.port);
  await served.send(Buffer.concat([header, Buffer.from(REQUEST)]));
  await served.answered();
  const drained = proxy.drain(5_000);
  await quick.send(Buffer.concat([header.subarray(20), Buffer.from(REQUEST)]));
  expect(await quick.closed()).toMatchObject([{ status: 200, headers: { connection: 'close' } }]);
  expect(await drained).toBe(true);
  await half.closed();
  expect(proxy.refusals).toEqual([]);
});
