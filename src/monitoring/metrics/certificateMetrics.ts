import type { X509Certificate } from 'node:crypto';
import { oneLine } from '../../certificates/certificateChain.ts';
import { readPemBundle } from '../../certificates/readPemBundle.ts';
import type { Registry } from 'prom-client';
import type { TlsIdentity } from '../../certificates/tlsIdentity.ts';
import { readGauge } from './readGauge.ts';

type Role = 'server' | 'chain' | 'client_ca';

/** When each certificate in force expires. */
export function certificateMetrics(registry: Registry, tls: () => TlsIdentity | undefined): void {
  readGauge(registry, {
    name: 'xks_proxy_certificate_expiry_timestamp_seconds',
    help: 'When a certificate expires, in Unix time.',
    labelNames: ['certificate', 'subject', 'serial_number'],
    aggregator: 'first',
    read: () => {
      const identity = tls();
      if (!identity) return [];
      const [server, ...chain] = readPemBundle(identity.certificate);
      return [
        ...describe('server', server ? [server] : []),
        ...describe('chain', chain),
        ...describe('client_ca', identity.clientAuth ? readPemBundle(identity.clientAuth.ca) : []),
      ];
    },
  });
}

function describe(certificate: Role, certificates: readonly X509Certificate[]) {
  return certificates.map(({ subject, serialNumber, validToDate }) => {
    const labels = { certificate, subject: oneLine(subject), serial_number: serialNumber };
    return [labels, validToDate.getTime() / 1000] as const;
  });
}
