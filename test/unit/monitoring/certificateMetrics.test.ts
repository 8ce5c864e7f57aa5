import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import type { TlsIdentity } from '../../../src/certificates/tlsIdentity.ts';
import { aggregateMetrics } from '../../../src/monitoring/metrics/aggregateMetrics.ts';
import { proxyMetrics } from '../../../src/monitoring/metrics/proxyMetrics.ts';
import { Secret } from '../../../src/secret.ts';
import { createCertificateAuthority } from '../../../certs/issueCertificate.ts';
import { testCertificates } from '../../support/certificates.ts';
import { parseExposition } from '../../support/exposition.ts';

const { ca, server } = testCertificates;
const otherCa = createCertificateAuthority({ commonName: 'other', notAfter: new Date('2040-02-03T04:05:06Z') });

async function expiries(tls: TlsIdentity | undefined) {
  const metrics = proxyMetrics({
    fleetSize: 1,
    keyStores: () => [],
    blockList: () => undefined,
    tls: () => tls,
    trail: () => undefined,
    clock: Date.now,
  });
  return parseExposition(await aggregateMetrics([await metrics.snapshot()]))
    .filter(({ name }) => name === 'xks_proxy_certificate_expiry_timestamp_seconds')
    .map(({ labels, value }) => [labels['certificate'], labels['subject'], labels['serial_number'], value]);
}

function expected(role: string, subject: string, pem: string) {
  const { serialNumber, validTo } = new X509Certificate(pem);
  return [role, subject, serialNumber, Date.parse(validTo) / 1000];
}

it('reports when the server certificate, its chain and each client CA expire', async () => {
  const identity = {
    certificate: `${server.certificate}\n${ca.certificate}`,
    privateKey: new Secret(server.privateKey),
    clientAuth: {
      ca: `Our CA:\n${ca.certificate}${otherCa.certificate}`,
      commonNames: ['a'],
    },
  };
  const caSubject = 'O=xks-proxy test, CN=xks-proxy test CA';
  expect(await expiries(identity)).toEqual([
    expected('server', 'O=xks-proxy test, CN=localhost', server.certificate),
    expected('chain', caSubject, ca.certificate),
    expected('client_ca', caSubject, ca.certificate),
    expected('client_ca', 'O=xks-proxy test, CN=other', otherCa.certificate),
  ]);
});

it('reports nothing without TLS', async () => {
  expect(await expiries(undefined)).toEqual([]);
});
