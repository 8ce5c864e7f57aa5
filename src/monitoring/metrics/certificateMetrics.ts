import { X509Certificate } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { TlsIdentity } from '../../certificates/tlsIdentity.ts';
import { readGauge } from './readGauge.ts';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

type Role = 'server' | 'chain' | 'client_ca';

/** When each certificate in force expires. */
export function certificateMetrics(registry: Registry, tls: () => TlsIdentity | undefined): void {
  readGauge(registry, {
    name: 'xks_proxy_certificate_expiry_timestamp_seconds',
    help: 'When a certificate expires, in Unix time.',
    labelNames: ['certificate', 'subject', 'serial_number'],
    aggregator: 'first',
    read: () => {
      const { certificate = '', clientAuth } = tls() ?? {};
      const [server = [], ...chain] = parse(certificate).map((each) => [each]);
      return [
        ...describe('server', server),
        ...describe('chain', chain.flat()),
        ...describe('client_ca', parse(clientAuth?.ca ?? '')),
      ];
    },
  });
}

function describe(certificate: Role, certificates: readonly X509Certificate[]) {
  return certificates.map(({ subject, serialNumber, validToDate }) => {
    const labels = { certificate, subject: subject.replaceAll('\n', ', '), serial_number: serialNumber };
    return [labels, validToDate.getTime() / 1000] as const;
  });
}

function parse(pem: string): X509Certificate[] {
  return [...pem.matchAll(PEM_CERTIFICATE)].flatMap(([block]) => {
    try {
      return new X509Certificate(block);
    } catch {
      // Only the first certificate of a file is checked when it is loaded. This one does not hide the others.
      return [];
    }
  });
}
