import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { makeClusterCsr } from '../../../src/kms/clusters/certificates/clusterCsr.ts';
import { issueClusterCertificates } from '../../../src/kms/clusters/certificates/issueCluster.ts';
import { judgeCertificates } from '../../../src/kms/clusters/certificates/judgeCertificates.ts';
import { withUnreadableKey } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

let csr: string;
beforeAll(async () => {
  csr = await makeClusterCsr('HSM of cluster-abcdefghij2');
});

/** The certificate for a request, issued by a customer's authority as in the guide. */
function sign(request: string, authority: { readonly certificate: string; readonly privateKey: string }): string {
  const folder = temporaryFolder({ 'c.csr': request, 'ca.crt': authority.certificate, 'ca.key': authority.privateKey });
  const path = (name: string) => join(folder, name);
  execFileSync(
    'openssl',
    [
      ...['x509', '-req', '-days', '3652', '-in', path('c.csr'), '-CA', path('ca.crt'), '-CAkey', path('ca.key')],
      ...['-CAcreateserial', '-out', path('c.crt')],
    ],
    { stdio: 'pipe' },
  );
  return readFileSync(path('c.crt'), 'utf8');
}

it('openssl verifies a request', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'c.csr'), csr);
  const text = execFileSync('openssl', ['req', '-in', join(folder, 'c.csr'), '-noout', '-verify', '-subject'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(text).toContain('HSM of cluster-abcdefghij2');
});

it.each(['rsa:2048', 'ec -pkeyopt ec_paramgen_curve:P-256'])(
  'accepts a certificate from an authority with a key of %s',
  (newKey) => {
    const authority = opensslCertificate({ newKey, commonName: 'customer CA' });
    expect(() => {
      judgeCertificates(csr, sign(csr, authority), authority.certificate);
    }).not.toThrow();
  },
);

it('accepts the certificates of `kms cluster create`, which openssl verifies', async () => {
  const { signedCert, trustAnchor } = await issueClusterCertificates(csr);
  judgeCertificates(csr, signedCert, trustAnchor);
  const folder = temporaryFolder({ 'cluster.crt': signedCert, 'ca.crt': trustAnchor });
  execFileSync('openssl', ['verify', '-CAfile', join(folder, 'ca.crt'), join(folder, 'cluster.crt')], {
    stdio: 'pipe',
  });
});

it('reports the faults of other certificates', async () => {
  const authority = opensslCertificate({ commonName: 'customer CA' });
  const other = opensslCertificate({ newKey: 'ec -pkeyopt ec_paramgen_curve:P-256', commonName: 'customer CA' });
  const intermediate = opensslCertificate({ commonName: 'intermediate', issuer: authority });
  const signed = sign(csr, authority);
  const refusals: [signedCert: string, trustAnchor: string, message: RegExp][] = [
    [
      sign(await makeClusterCsr('another'), authority),
      authority.certificate,
      /must have the public key of the ClusterCsr/,
    ],
    [authority.certificate, authority.certificate, /must have the public key of the ClusterCsr/],
    // The same name with another key.
    [signed, other.certificate, /must be the certificate of the authority that signed SignedCert/],
    [sign(csr, intermediate), intermediate.certificate, /TrustAnchor must be self-signed/],
    [signed, signed, /TrustAnchor must be self-signed/],
    ['', authority.certificate, /SignedCert must be a certificate in PEM: holds no PEM certificate/],
    [csr, authority.certificate, /SignedCert must be a certificate in PEM: line 1: a certificate request/],
    [withUnreadableKey(signed), authority.certificate, /must have the public key of the ClusterCsr/],
    [signed, withUnreadableKey(authority.certificate), /TrustAnchor must be self-signed/],
    [signed, authority.certificate.repeat(2), /TrustAnchor must be one certificate; it has 2/],
  ];
  for (const [signedCert, trustAnchor, message] of refusals) {
    expect(() => {
      judgeCertificates(csr, signedCert, trustAnchor);
    }).toThrow(message);
  }
});
