import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateOptions {
  /** The subject's CN, or several; null leaves it out. */
  readonly commonName?: string | readonly string[] | null;
  /** DNS names and IP addresses. An empty list leaves the extension out. */
  readonly subjectAltNames?: readonly string[];
  /** Defaults to an hour ago, for clocks that differ. */
  readonly notBefore?: Date;
  /** Defaults to 365 days from now, a certificate authority's to ten years. */
  readonly notAfter?: Date;
  /** Usage of an end entity. Null leaves the extension out. Defaults to the purpose of the certificate. */
  readonly extendedKeyUsage?: 'serverAuth' | 'clientAuth' | null;
}

export type Curve = 'P-256' | 'P-384';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
// Index of the public key in a TBSCertificate, RFC 5280 section 4.1.
const SUBJECT_PUBLIC_KEY_INFO = 6;
const ORGANIZATION = { name: 'organizationName', value: 'xks-proxy test' };

/** Makes a self-signed root. */
export function createCertificateAuthority(options: CertificateOptions = {}): KeyPair {
  return issueAuthority('self-signed', { commonName: 'xks-proxy test CA', ...options });
}

/** Issues an authority below a root. */
export function issueIntermediate(issuer: KeyPair, options: CertificateOptions = {}): KeyPair {
  return issueAuthority(issuer, { commonName: 'xks-proxy test intermediate CA', ...options });
}

/** Issues a TLS server certificate, by default for localhost. */
export function issueServerCertificate(issuer: KeyPair | 'self-signed', options: CertificateOptions = {}): KeyPair {
  const { certificate, privateKey } = serverCertificate(issuer, options);
  return toPem(certificate, forge.pki.privateKeyToPem(privateKey));
}

/** Issues a TLS server certificate whose key is on a curve, not RSA. */
export function issueEcdsaServerCertificate(issuer: KeyPair, namedCurve: Curve): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const { certificate } = serverCertificate(issuer, {});
  // forge does not support such keys. So the key in its certificate is replaced, and the certificate is signed again.
  const signed = certificate as forge.pki.Certificate & { tbsCertificate: { value: forge.asn1.Asn1[] } };
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('latin1');
  signed.tbsCertificate.value[SUBJECT_PUBLIC_KEY_INFO] = forge.asn1.fromDer(spki);
  const bytes = Buffer.from(forge.asn1.toDer(signed.tbsCertificate as unknown as forge.asn1.Asn1).getBytes(), 'latin1');
  signed.signature = sign('sha256', bytes, issuer.privateKey).toString('latin1');
  return toPem(signed, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** Issues a TLS client certificate, by default with the name of AWS KMS's certificate in us-east-1. */
export function issueClientCertificate(issuer: KeyPair | 'self-signed', options: CertificateOptions = {}): KeyPair {
  const defaults = { commonName: 'cks.kms.us-east-1.amazonaws.com', extendedKeyUsage: 'clientAuth' } as const;
  const { certificate, privateKey } = issueEndEntity(issuer, { ...defaults, ...options });
  return toPem(certificate, forge.pki.privateKeyToPem(privateKey));
}

interface Issued {
  readonly certificate: forge.pki.Certificate;
  readonly privateKey: forge.pki.rsa.PrivateKey;
}

function serverCertificate(issuer: KeyPair | 'self-signed', options: CertificateOptions): Issued {
  const subjectAltNames = ['localhost', '127.0.0.1', '::1'];
  const defaults = { commonName: 'localhost', subjectAltNames, extendedKeyUsage: 'serverAuth' } as const;
  return issueEndEntity(issuer, { ...defaults, ...options });
}

function issueEndEntity(issuer: KeyPair | 'self-signed', options: CertificateOptions): Issued {
  const { extendedKeyUsage } = options;
  return issue(issuer, options, [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    ...(extendedKeyUsage ? [{ name: 'extKeyUsage', [extendedKeyUsage]: true }] : []),
  ]);
}

function issueAuthority(issuer: KeyPair | 'self-signed', options: CertificateOptions): KeyPair {
  const { certificate, privateKey } = issue(issuer, { notAfter: new Date(Date.now() + 10 * YEAR_MS), ...options }, [
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ]);
  return toPem(certificate, forge.pki.privateKeyToPem(privateKey));
}

function issue(issuer: KeyPair | 'self-signed', options: CertificateOptions, extensions: object[]): Issued {
  const keys = forge.pki.rsa.generateKeyPair({ bits: 2048 });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = randomSerialNumber();
  certificate.validity.notBefore = options.notBefore ?? new Date(Date.now() - HOUR_MS);
  certificate.validity.notAfter = options.notAfter ?? new Date(Date.now() + YEAR_MS);
  const { commonName, subjectAltNames = [] } = options;
  const commonNames = [commonName ?? []].flat();
  certificate.setSubject([ORGANIZATION, ...commonNames.map((value) => ({ name: 'commonName', value }))]);

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
  return { certificate, privateKey: keys.privateKey };
}

function toPem(certificate: forge.pki.Certificate, privateKey: string): KeyPair {
  return { certificate: forge.pki.certificateToPem(certificate), privateKey };
}

// GeneralName tags, RFC 5280 section 4.2.1.6: 2 is dNSName, 7 is iPAddress.
function altName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

/** Returns 128 random bits as hexadecimal. RFC 5280 section 4.1.2.2: positive and in the shortest DER form. */
function randomSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}
