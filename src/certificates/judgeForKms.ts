import type { X509Certificate } from 'node:crypto';
import type { Finding } from '../finding.ts';
import { certificateChain, nameOf, oneLine } from './certificateChain.ts';
import type { CertificateFinding } from './certificateFinding.ts';
import { commonNamesOf } from './commonNames.ts';
import { judgeIdentity } from './judgeIdentity.ts';
import { readPemBundle } from './readPemBundle.ts';
import type { ClientAuth, TlsIdentity } from './tlsIdentity.ts';
import { isAmazonRoot, isUnderTrustedAuthority } from './trustedAuthorities.ts';

export interface KmsView {
  readonly identity: TlsIdentity;
  /** DNS name that KMS will call. If undefined, the name of the certificate is not compared. */
  readonly name: string | undefined;
  /** AWS Regions whose KMS will call: `server.regions`. */
  readonly regions: readonly string[];
  readonly now: Date;
}

/** Judges an identity as KMS will when it connects. Makes handshakes in memory, without a port. */
export async function judgeForKms({ identity, name, regions, now }: KmsView): Promise<readonly Finding[]> {
  const [leaf, ...others] = readPemBundle(identity.certificate);
  if (!leaf) return [];
  return [
    ...(await judgeIdentity(identity, now)),
    judgeName(leaf, name?.toLowerCase()),
    judgeAuthority(leaf, others),
    ...judgeClientAuth(identity.clientAuth, regions),
  ];
}

function judgeName(leaf: X509Certificate, name: string | undefined): CertificateFinding {
  const check = 'certificate name';
  const commonNames = commonNamesOf(leaf);
  const names = `CN ${commonNames.join(', ') || '(none)'}; ${leaf.subjectAltName ?? 'no subjectAltName'}`;
  const advice = `Get a certificate whose CN, and one of whose DNS names in subjectAltName, is ${name ?? 'the name that KMS calls'}.`;
  const [commonName = ''] = commonNames.map((each) => each.toLowerCase());
  if (name !== undefined && (commonNames.length !== 1 || !covers(commonName, name))) {
    return {
      check,
      level: 'failure',
      message: `KMS calls ${name}, but the certificate does not have exactly this CN (${names}).`,
      advice,
    };
  }
  // Clients look at the CN only if there is no subjectAltName.
  if (name !== undefined && leaf.checkHost(name) === undefined) {
    return { check, level: 'failure', message: `No subjectAltName is ${name} (${names}).`, advice };
  }
  if (commonName.startsWith('*.')) {
    const message = `The CN is a wildcard (${names}): CloudWatch then has no XksProxyCertificateDaysToExpire, so no alarm.`;
    return { check, level: 'warning', message, advice };
  }
  if (name === undefined) {
    return { check, level: 'ok', message: `${names}; not compared, because the name that KMS calls is not known.` };
  }
  if (leaf.subjectAltName === undefined) {
    const message = `There is no subjectAltName (${names}): many clients no longer look at the CN.`;
    return { check, level: 'warning', message, advice };
  }
  return { check, level: 'ok', message: `${names}.` };
}

/** RFC 6125 section 6.4.3: a wildcard stands for one label. */
function covers(commonName: string, name: string): boolean {
  return commonName === name || (commonName.startsWith('*.') && name.replace(/^[^.]+/, '*') === commonName);
}

function judgeAuthority(leaf: X509Certificate, others: readonly X509Certificate[]): CertificateFinding {
  const check = 'certificate authority';
  const { path } = certificateChain(leaf, others);
  const trusted = path.find(isUnderTrustedAuthority);
  if (trusted) return { check, level: 'ok', message: `AWS KMS trusts the issuer, ${oneLine(trusted.issuer)}.` };
  const top = path.at(-1) ?? leaf;
  return {
    check,
    level: 'warning',
    message: `${oneLine(top.issuer)} is not among the authorities that AWS KMS trusts: KMS refuses the certificate of a private authority.`,
    advice:
      'Use a certificate of an authority in TrustedCertificateAuthorities of github.com/aws/aws-kms-xksproxy-api-spec, with all its intermediates.',
  };
}

function judgeClientAuth(
  clientAuth: ClientAuth | undefined,
  regions: readonly string[],
): readonly CertificateFinding[] {
  const check = 'client CA';
  if (!clientAuth)
    return [{ check, level: 'ok', message: 'No client certificate is required, because requests are signed.' }];
  const authorities = readPemBundle(clientAuth.ca);
  const missing = regions
    .map((region) => `cks.kms.${region}.amazonaws.com`)
    .filter((commonName) => !clientAuth.commonNames.includes(commonName));
  const findings: CertificateFinding[] = [];
  if (!authorities.some(isAmazonRoot)) {
    findings.push({
      check,
      level: 'warning',
      message: `KMS is not admitted: Amazon Trust Services issues its client certificate, and caFile has only ${authorities.map(nameOf).join('; ')}.`,
      advice: 'Add the root certificates of https://www.amazontrust.com/repository/ to server.tls.clientAuth.caFile.',
    });
  } else if (missing.length > 0) {
    findings.push({
      check,
      level: 'failure',
      message: `KMS is not admitted: the CN of its client certificate, ${missing.join(' or ')}, is not in commonNames.`,
      advice: 'Add it to server.tls.clientAuth.commonNames.',
    });
  }
  return [...findings, { check, level: 'warning', message: DEPRECATED, advice: 'Remove server.tls.clientAuth.' }];
}

const DEPRECATED = [
  'AWS lists mTLS for external key stores as deprecated, and public authorities no longer issue certificates for TLS clients.',
  "When KMS's certificate is renewed without that usage, the proxy refuses it (INVALID_PURPOSE), and the key store fails.",
].join(' ');
