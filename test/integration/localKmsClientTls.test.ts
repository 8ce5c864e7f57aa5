import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import type { SecureVersion, TlsOptions } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
} from '../../certs/issueCertificate.ts';
import { testCertificates } from '../support/certificates.ts';
import { failureOf, httpsClient, xksCall } from '../support/httpsClientUnderTest.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { answerWell, metadata, soon, startClientAndServer as start } from '../support/scriptedProxy.ts';
import { opensslCertificate } from '../support/opensslCertificate.ts';
import { httpAnswer, startTcpServer, type Script } from '../support/scriptedTlsServer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const { ca, client: clientPair } = testCertificates;
const DAY_MS = 24 * 3_600_000;

function pairOf(pair: { certificate: string; privateKey: string }): TlsOptions {
  return { cert: pair.certificate, key: pair.privateKey };
}

describe('the client reports a failure before the request:', () => {
  it('nothing listens on the port', async () => {
    const port = await unusedPort();
    const { client, exchanges } = httpsClient(port, ca.certificate);
    const failure = await failureOf(client.getKeyMetadata(xksCall(), 'foo'));
    expect(failure.message).toBe(`NotReachable: no TCP connection: connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(exchanges).toMatchObject([{ failure: { reason: 'NotReachable' }, certificate: undefined }]);
  });

  it('no one accepts connections on the port', async () => {
    const port = await startFullServer();
    const failure = await failureOf(httpsClient(port, ca.certificate, soon).client.getKeyMetadata(xksCall(), 'foo'));
    expect(failure.message).toBe('NotReachable: no TCP connection within 1000 ms');
  });

  it('the name cannot be resolved', async () => {
    const { client } = httpsClient(1, ca.certificate, { resolve: new Map() });
    const uriEndpoint = 'https://xks.invalid';
    const failure = await failureOf(client.getKeyMetadata(xksCall({ uriEndpoint }), 'foo'));
    expect(failure.reason).toBe('NotReachable');
    expect(failure.detail).toMatch(/^no TCP connection: getaddrinfo (ENOTFOUND|EAI_AGAIN) xks\.invalid$/);
  });

  it("the certificate is for another name than the endpoint's", async () => {
    const { client, proxy } = await start(answerWell);
    const failure = await failureOf(client.getKeyMetadata(xksCall({ uriEndpoint: 'https://XKS.example.com' }), 'foo'));
    expect(failure.message).toBe(
      "InvalidTlsName: certificate for another name: Host: xks.example.com. is not in the cert's altnames: " +
        'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(proxy.requests).toEqual([]);
  });

  it("the client sends the endpoint's name, whatever address it resolves to", async () => {
    const names: string[] = [];
    const server: TlsOptions = {
      ...pairOf(issueServerCertificate(ca, { subjectAltNames: ['xks.example.com'] })),
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    };
    const { client, proxy } = await start(answerWell, server, { clock: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    const call = xksCall({ uriEndpoint: 'https://xks.example.com' });
    await client.getKeyMetadata(call, 'foo');
    expect(names).toEqual(['xks.example.com']);
    const [head = '', body = ''] = proxy.requests.join().split('\r\n\r\n');
    const scope = `${call.proxy.accessKeyId}/20260102/us-east-1/kms-xks-proxy/aws4_request`;
    expect(head.split('\r\n').toSorted()).toEqual([
      'Connection: keep-alive',
      `Content-Length: ${body.length}`,
      'POST /kms/xks/v1/keys/foo/metadata HTTP/1.1',
      expect.stringMatching(
        new RegExp(
          `^authorization: AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=\\w{64}$`,
        ),
      ),
      'content-type: application/json',
      'host: xks.example.com',
      'x-amz-date: 20260102T030405Z',
    ]);
  });

  it('the client connects to an IP address', async () => {
    const { client } = await start(answerWell);
    expect(await client.getKeyMetadata(xksCall({ uriEndpoint: 'https://127.0.0.1' }), 'foo')).toEqual(metadata);
  });

  it.each<[string, TlsOptions, string]>([
    [
      'another authority',
      pairOf(issueServerCertificate(createCertificateAuthority({ commonName: 'another test CA' }))),
      'unable to verify the first certificate',
    ],
    ['itself', pairOf(issueServerCertificate('self-signed')), 'self-signed certificate'],
    [
      'the authority, until yesterday',
      pairOf(
        issueServerCertificate(ca, {
          notBefore: new Date(Date.now() - 2 * DAY_MS),
          notAfter: new Date(Date.now() - DAY_MS),
        }),
      ),
      'certificate has expired',
    ],
    [
      'the authority, from tomorrow on',
      pairOf(issueServerCertificate(ca, { notBefore: new Date(Date.now() + DAY_MS) })),
      'certificate is not yet valid',
    ],
  ])('the certificate was issued by %s', async (_what, server, detail) => {
    const { ask, proxy } = await start(answerWell, server);
    expect((await failureOf(ask())).message).toMatch(new RegExp(`^InvalidTls: no TLS connection: ${detail}`));
    expect(proxy.connections()).toBe(1);
  });

  it.each<[string, TlsOptions]>([
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['another cipher suite', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }],
  ])('the proxy speaks %s alone', async (_what, server) => {
    const { ask, proxy } = await start(answerWell, server);
    expect((await failureOf(ask())).message).toMatch(/^InvalidTls: no TLS connection: /);
    expect(proxy.connections()).toBe(1);
  });

  it('the key of the proxy is on a curve with which Node.js crashes', async () => {
    const newKey = 'ec -pkeyopt ec_paramgen_curve:brainpoolP256r1';
    const pair = opensslCertificate({ newKey, issuer: ca, extensions: ['subjectAltName=DNS:localhost'] });
    const { ask, proxy } = await start(answerWell, pairOf(pair));
    expect((await failureOf(ask())).message).toMatch(/^InvalidTls: no TLS connection: .*handshake failure/);
    expect(proxy.connections()).toBe(1);
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /wrong version number|packet length too long/],
    ['nothing', (socket) => socket.end(), /socket disconnected before secure TLS connection|ECONNRESET/],
  ])('the proxy answers a TLS handshake with %s', async (_what, greet, detail) => {
    const port = await startTcpServer((socket) => {
      socket.once('data', () => {
        greet(socket);
      });
    });
    const failure = await failureOf(httpsClient(port, ca.certificate).client.getKeyMetadata(xksCall(), 'foo'));
    expect(failure.reason).toBe('InvalidTls');
    expect(failure.detail).toMatch(detail);
  });

  it('the proxy does not answer a TLS handshake', async () => {
    let connections = 0;
    const port = await startTcpServer(() => (connections += 1));
    const { client, exchanges } = httpsClient(port, ca.certificate, soon);
    const failure = await failureOf(client.getKeyMetadata(xksCall(), 'foo'));
    expect(failure.message).toBe('TimedOut: no answer within 1000 ms');
    expect(connections).toBe(2);
    expect(exchanges).toHaveLength(1);
  });
});

describe.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
  'a proxy that asks for a client certificate, with %s',
  (version) => {
    const server: TlsOptions = { minVersion: version, maxVersion: version, requestCert: true, ca: ca.certificate };

    it('gets it', async () => {
      const clientCertificate = writeKeyPair(temporaryFolder(), 'client', clientPair);
      const caFiles = [writeKeyPair(temporaryFolder(), 'ca', ca).certificateFile];
      const commonNames: unknown[] = [];
      const script: Script = (socket) => {
        commonNames.push(socket.getPeerCertificate().subject.CN);
        socket.write(httpAnswer(metadata));
      };
      const { ask } = await start(script, server, { tls: { caFiles, clientCertificate } });
      expect(await ask()).toEqual(metadata);
      expect(commonNames).toEqual(['cks.kms.us-east-1.amazonaws.com']);
    });

    it.each(['none', 'one of another authority'])('refuses %s', async (which) => {
      const caFiles = [writeKeyPair(temporaryFolder(), 'ca', ca).certificateFile];
      const stranger = issueClientCertificate(createCertificateAuthority({ commonName: 'another test CA' }));
      const tls =
        which === 'none' ? { caFiles } : { caFiles, clientCertificate: writeKeyPair(temporaryFolder(), 'c', stranger) };
      const { ask, proxy } = await start(answerWell, server, { tls });
      const failure = await failureOf(ask());
      if (version === 'TLSv1.2') {
        expect(failure.message).toMatch(/^InvalidTls: no TLS connection: /);
      } else {
        expect(failure.message).toMatch(
          /^ConnectionLost: closed without an answer, as by a proxy that refuses the client certificate: /,
        );
      }
      expect(proxy.requests).toEqual([]);
      expect(proxy.connections()).toBe(1);
    });
  },
);

describe('TLS files', () => {
  it('are read for the first connection after a disconnection', async () => {
    const { certificateFile } = writeKeyPair(temporaryFolder(), 'ca', createCertificateAuthority());
    const { ask, client } = await start(answerWell, {}, { tls: { caFiles: [certificateFile] } });
    expect((await failureOf(ask())).reason).toBe('InvalidTls');
    writeFileSync(certificateFile, ca.certificate);
    expect((await failureOf(ask())).reason).toBe('InvalidTls');
    client.disconnect('https://localhost');
    expect(await ask()).toEqual(metadata);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a CA that is missing', {}, "FOLDER/ca: ENOENT: no such file or directory, open 'FOLDER/ca'"],
    ['a CA that is none', { ca: 'none' }, 'FOLDER/ca: holds no PEM certificate'],
    [
      'a CA that is broken',
      { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      'FOLDER/ca: lines 1 to 3: what is between BEGIN and END is not a certificate',
    ],
    [
      'a CA whose successor is glued to it',
      { ca: `${ca.certificate.trim()}${ca.certificate}` },
      `FOLDER/ca: line ${ca.certificate.trim().split('\n').length}: the certificate that begins on line 1 has no END line before two boundaries on one line; begin a new line between them`,
    ],
    [
      'a private key that is none',
      { ca: ca.certificate, certificate: clientPair.certificate, key: clientPair.certificate },
      'FOLDER/key: holds no usable PEM private key, but a block "CERTIFICATE"',
    ],
    [
      'a private key of another certificate',
      { ca: ca.certificate, certificate: clientPair.certificate, key: ca.privateKey },
      'FOLDER/key: is not the private key of FOLDER/certificate',
    ],
  ])('%s', async (_what, files, detail) => {
    const folder = temporaryFolder(files);
    const [caFile, certificateFile, privateKeyFile] = ['ca', 'certificate', 'key'].map((name) => `${folder}/${name}`);
    const { ask, proxy, exchanges } = await start(
      answerWell,
      {},
      {
        tls: {
          caFiles: [caFile ?? ''],
          clientCertificate: { certificateFile: certificateFile ?? '', privateKeyFile: privateKeyFile ?? '' },
        },
      },
    );
    const failure = await failureOf(ask());
    expect(failure.message).toBe(`Internal: ${detail.replaceAll('FOLDER', folder)}`);
    expect(proxy.connections()).toBe(0);
    expect(exchanges).toMatchObject([{ failure, certificate: undefined }]);
  });
});

/** A port of 127.0.0.1 that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const { port, close } = await listenLocally(createServer());
  await close();
  return port;
}

/** A port whose queue of connections stays full. */
async function startFullServer(): Promise<number> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const sockets = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await worker.terminate();
  });
  await Promise.race(sockets.map((socket) => once(socket, 'connect')));
  return port;
}

const LISTEN_AND_SLEEP = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
