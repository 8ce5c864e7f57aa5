import { Agent } from 'node:https';
import type { SecureVersion } from 'node:tls';
import { NotRun, Unmet, type ConformanceCase } from '../conformanceCase.ts';
import { expectThat } from '../expectations.ts';
import type { Probe } from '../probe.ts';
import { BrokenAnswer, NoAnswer, sendRequest } from '../../xksClient/sendRequest.ts';
import { tlsHandshake } from '../tlsHandshake.ts';

// Spec, "API content type": at least one of these.
const REQUIRED_SUITES: readonly { name: string; ciphers: string; version: SecureVersion }[] = [
  { name: 'TLS_AES_256_GCM_SHA384', ciphers: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' },
  { name: 'TLS_CHACHA20_POLY1305_SHA256', ciphers: 'TLS_CHACHA20_POLY1305_SHA256', version: 'TLSv1.3' },
  { name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', version: 'TLSv1.2' },
  { name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', version: 'TLSv1.2' },
];

export const tls: readonly ConformanceCase[] = [
  {
    id: 'tls-required-suites',
    level: 'MUST',
    title: 'Offers TLS 1.2 or 1.3 with one of the four required cipher suites',
    expected: 'a handshake with at least one of them, and a certificate that is valid for the host name',
    async run(probe) {
      probe.requireTls();
      const offered = [];
      for (const { name, ciphers, version } of REQUIRED_SUITES) {
        if (await connects(probe, name, { ciphers, minVersion: version, maxVersion: version })) offered.push(name);
      }
      expectThat(offered.length > 0, 'no handshake with any of them');
    },
  },
  {
    id: 'tls-old-versions',
    level: 'SHOULD',
    title: 'Refuses TLS 1.0 and TLS 1.1',
    expected: 'no handshake',
    async run(probe) {
      probe.requireTls();
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        // OpenSSL itself refuses these versions above security level 0.
        const options = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
        expectThat(!(await connects(probe, version, options)), `a handshake with ${version}`);
      }
    },
  },
  {
    id: 'tls-without-alpn',
    level: 'MUST',
    title: 'Serves HTTP/1.1 to a client that offers no application protocol (ALPN), or only HTTP/1.1',
    expected: 'a handshake in both cases, and an answer in HTTP/1.1 to the client that offers none',
    async run(probe) {
      probe.requireTls();
      expectThat(await connects(probe, 'no ALPN', { ALPNProtocols: [] }), 'no handshake without ALPN');
      // A server may complete the handshake, and then speak only HTTP/2 or close the connection.
      const { httpVersion } = await probe.store.call('health', {}, { agent: new Agent({ ALPNProtocols: [] }) });
      expectThat(httpVersion === '1.1', `an answer in HTTP/${httpVersion} without ALPN`);
      expectThat(await connects(probe, 'ALPN http/1.1', { ALPNProtocols: ['http/1.1'] }), 'no handshake for http/1.1');
    },
  },
  {
    id: 'mtls-without-certificate',
    level: 'SHOULD',
    title: 'Does not answer a client without a certificate, if the proxy requires client certificates',
    expected: 'no HTTP answer',
    async run(probe) {
      probe.requireTls();
      const { endpoint } = probe.target;
      if (endpoint.tls.cert === undefined) throw new NotRun('needs --client-cert and --client-key');
      const withoutCertificate = { ...endpoint, tls: { ...endpoint.tls, cert: undefined, key: undefined } };
      const path = probe.store.pathOf('health');
      const request = { method: 'POST', path, headers: [['host', endpoint.url.host]] as const, body: Buffer.alloc(0) };
      try {
        const { status } = await sendRequest(withoutCertificate, request);
        throw new Unmet(`status ${status} without a client certificate`);
      } catch (error) {
        if (error instanceof BrokenAnswer)
          throw new Unmet(`a broken answer without a client certificate: ${error.message}`);
        if (!(error instanceof NoAnswer)) throw error;
        probe.note(`POST ${path} without a client certificate`, error.message);
      }
    },
  },
];

async function connects(probe: Probe, what: string, options: Parameters<typeof tlsHandshake>[1]): Promise<boolean> {
  try {
    const { protocol, suite } = await tlsHandshake(probe.target.endpoint, options);
    probe.note(`TLS handshake with ${what}`, `${protocol}, ${suite}`);
    return true;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    probe.note(`TLS handshake with ${what}`, `refused: ${error.message}`);
    return false;
  }
}
