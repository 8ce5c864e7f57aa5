import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type ConnectionOptions, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateCertificates, writeKeyPair } from '../../certs/generate.ts';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
  type KeyPair,
} from '../../certs/issueCertificate.ts';
import { testCertificates } from '../support/certificates.ts';
import { listenLocally } from '../support/listenLocally.ts';

const { ca, server, client } = testCertificates;
const DAY_MS = 24 * 3_600_000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xks-proxy-certificates-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('openssl verify -x509_strict', () => {
  it.each([
    ['server', server, 'sslserver', []],
    ['server', server, 'sslserver', ['-verify_hostname', 'localhost']],
    ['server', server, 'sslserver', ['-verify_ip', '127.0.0.1']],
    ['server', server, 'sslserver', ['-verify_ip', '::1']],
    ['client', client, 'sslclient', []],
    ['client without a CN', withoutCommonName(), 'sslclient', ['-verify_hostname', 'client.example']],
  ] as const)('accepts the %s certificate', (_, pair, purpose, options) => {
    expect(verify(pair, purpose, options)).toMatch(/: OK$/m);
  });

  it.each([
    ['the server certificate as a client', server, 'sslclient', /purpose/],
    ['the client certificate as a server', client, 'sslserver', /purpose/],
    ['an expired certificate', expired(), 'sslclient', /certificate has expired/],
    ['a self-signed certificate', issueClientCertificate('self-signed'), 'sslclient', /self.signed certificate/],
    ['a certificate of another authority', ofAnotherAuthority(), 'sslclient', /unable to get local issuer certificate/],
  ] as const)('refuses %s', (_, pair, purpose, reason) => {
    expect(verify(pair, purpose)).toMatch(reason);
  });

  /** All output of openssl. */
  function verify(pair: KeyPair, purpose: string, options: readonly string[] = []): string {
    const { certificateFile: caFile } = writeKeyPair(folder, 'ca', ca);
    const { certificateFile } = writeKeyPair(folder, 'leaf', pair);
    const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', caFile, ...options, certificateFile];
    const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
    return stdout + stderr;
  }
});

describe('the certificates', () => {
  it('have positive serial numbers of 128 bits, never the same', () => {
    const serials = [ca, server, client].map((pair) => new X509Certificate(pair.certificate).serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(new Set(serials).size).toBe(serials.length);
  });

  it('have the requested names', () => {
    const named = issueServerCertificate(ca, {
      commonName: 'xks.example',
      subjectAltNames: ['xks.example', '10.0.0.1'],
    });
    const certificate = new X509Certificate(named.certificate);
    expect(certificate.subject).toContain('CN=xks.example');
    expect(certificate.subjectAltName).toBe('DNS:xks.example, IP Address:10.0.0.1');
    expect(new X509Certificate(withoutCommonName().certificate).subject).not.toContain('CN=');
  });
});

describe('a handshake with client authentication', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('succeeds over %s', async (version) => {
    const seen = await handshake(version, { cert: client.certificate, key: client.privateKey });
    expect(seen).toEqual({ protocol: version, authorized: true, commonName: 'cks.kms.us-east-1.amazonaws.com' });
  });

  it('does not authorize a client of another authority', async () => {
    const other = ofAnotherAuthority();
    const seen = await handshake('TLSv1.3', { cert: other.certificate, key: other.privateKey });
    expect(seen).toMatchObject({ authorized: false });
  });

  /** The server's view of the client after both have finished. The client verifies the server's name. */
  async function handshake(version: SecureVersion, options: ConnectionOptions): Promise<object> {
    const listener = createServer({
      cert: server.certificate,
      key: server.privateKey,
      ca: ca.certificate,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
    });
    try {
      const { port } = await listenLocally(listener);
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: ca.certificate, ...options });
      const [[accepted]] = (await Promise.all([once(listener, 'secureConnection'), once(socket, 'secureConnect')])) as [
        [TLSSocket],
        unknown,
      ];
      const seen = {
        protocol: accepted.getProtocol(),
        authorized: accepted.authorized,
        commonName: accepted.getPeerCertificate().subject.CN,
      };
      socket.destroy();
      accepted.destroy();
      return seen;
    } finally {
      listener.close();
    }
  }
});

describe('generateCertificates', () => {
  it('makes three key pairs, readable only for their owner, and keeps existing ones', () => {
    const made = join(folder, 'made');
    expect(generateCertificates(made)).toEqual(['ca', 'server', 'client']);
    expect(statSync(made).mode & 0o777).toBe(0o700);
    for (const name of ['ca', 'server', 'client']) {
      expect(statSync(join(made, `${name}.key`)).mode & 0o777).toBe(0o600);
    }
    const before = readFileSync(join(made, 'server.crt'), 'utf8');
    expect(generateCertificates(made)).toEqual([]);
    expect(readFileSync(join(made, 'server.crt'), 'utf8')).toBe(before);
  });

  it('replaces certificates that expire within 30 days, are missing or are damaged', () => {
    writeKeyPair(folder, 'ca', ca);
    writeKeyPair(folder, 'server', issueServerCertificate(ca, { notAfter: new Date(Date.now() + 29 * DAY_MS) }));
    writeKeyPair(folder, 'client', client);
    expect(generateCertificates(folder)).toEqual(['server']);

    rmSync(join(folder, 'client.key'));
    expect(generateCertificates(folder)).toEqual(['client']);

    writeFileSync(join(folder, 'server.crt'), '');
    expect(generateCertificates(folder)).toEqual(['server']);
  });

  it('replaces the certificates of a certificate authority that was replaced', () => {
    writeKeyPair(folder, 'ca', createCertificateAuthority({ notAfter: new Date(Date.now() + DAY_MS) }));
    writeKeyPair(folder, 'server', server);
    writeKeyPair(folder, 'client', client);
    expect(generateCertificates(folder)).toEqual(['ca', 'server', 'client']);
  });
});

function withoutCommonName(): KeyPair {
  return issueClientCertificate(ca, { commonName: null, subjectAltNames: ['client.example'] });
}

function expired(): KeyPair {
  return issueClientCertificate(ca, {
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter: new Date(Date.now() - DAY_MS),
  });
}

function ofAnotherAuthority(): KeyPair {
  return issueClientCertificate(createCertificateAuthority({ commonName: 'another test CA' }));
}
