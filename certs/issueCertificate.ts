import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** A certificate and its RSA private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** The subject's CN; null leaves it out. */
  readonly commonName?: string | null;
  /** DNS names and IP addresses. An empty list leaves the extension out. */
  readonly subjectAltNames?: readonly string[];
  /** Defaults to an hour ago, for clocks that differ. */
  readonly notBefore?: Date;
  /** Defaults to 365 days from now, a certificate authority's to ten years. */
  readonly notAfter?: Date;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const ORGANIZATION = { name: 'organizationName', value: 'xks-proxy test' };

/** A self-signed root that may issue end-entity certificates only. */
export function createCertificateAuthority(options: CertificateOptions = {}): KeyPair {
  return issue(
    'self-signed',
    { commonName: 'xks-proxy test CA', notAfter: new Date(Date.now() + 10 * YEAR_MS), ...options },
    [
      { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    ],
  );
}

/** A TLS server certificate, for localhost unless told otherwise. */
export function issueServerCertificate(issuer: KeyPair | 'self-signed', options: CertificateOptions = {}): KeyPair {
  const defaults = { commonName: 'localhost', subjectAltNames: ['localhost', '127.0.0.1', '::1'] };
  return issue(issuer, { ...defaults, ...options }, endEntity('serverAuth'));
}

/** A TLS client certificate, with the name AWS KMS gives its own in us-east-1 unless told otherwise. */
export function issueClientCertificate(issuer: KeyPair | 'self-signed', options: CertificateOptions = {}): KeyPair {
  return issue(issuer, { commonName: 'cks.kms.us-east-1.amazonaws.com', ...options }, endEntity('clientAuth'));
}

function endEntity(extendedKeyUsage: 'serverAuth' | 'clientAuth'): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', [extendedKeyUsage]: true },
  ];
}

function issue(issuer: KeyPair | 'self-signed', options: CertificateOptions, extensions: object[]): KeyPair {
  const keys = forge.pki.rsa.generateKeyPair({ bits: 2048 });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = randomSerialNumber();
  certificate.validity.notBefore = options.notBefore ?? new Date(Date.now() - HOUR_MS);
  certificate.validity.notAfter = options.notAfter ?? new Date(Date.now() + YEAR_MS);
  const { commonName, subjectAltNames = [] } = options;
  const subject = commonName ? [ORGANIZATION, { name: 'commonName', value: commonName }] : [ORGANIZATION];
  certificate.setSubject(subject);

  const parent = issuer === 'self-signed' ? certificate : forge.pki.certificateFromPem(issuer.certificate);
  const signingKey = issuer === 'self-signed' ? keys.privateKey : forge.pki.privateKeyFromPem(issuer.privateKey);
  certificate.setIssuer(parent.subject.attributes);
  certificate.setExtensions([
    ...extensions,
    ...(subjectAltNames.length > 0 ? [{ name: 'subjectAltName', altNames: subjectAltNames.map(altName) }] : []),
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: parent.generateSubjectKeyIdentifier().getBytes() },
  ]);
  certificate.sign(signingKey, forge.md.sha256.create());
  return {
    certificate: forge.pki.certificateToPem(certificate),
    privateKey: forge.pki.privateKeyToPem(keys.privateKey),
  };
}

// GeneralName tags, RFC 5280 section 4.2.1.6: 2 is dNSName, 7 is iPAddress.
function altName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

/** 128 random bits as hexadecimal. RFC 5280 section 4.1.2.2: positive and in the shortest DER form. */
function randomSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}
