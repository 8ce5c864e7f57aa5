import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export interface OpensslCertificate {
  /**
   * Arguments after `-newkey`, such as `rsa:1024` or `ec -pkeyopt ec_paramgen_curve:secp256k1`. No word contains a
   * blank.
   */
  readonly newKey?: string;
  readonly commonName?: string;
  /** Subject, such as `/C=US/CN=a`. By default only the common name. */
  readonly subject?: string;
  /**
   * Extensions, such as `extendedKeyUsage=clientAuth`; by default `basicConstraints=CA:TRUE`. An empty list makes a
   * version 1 certificate.
   */
  readonly extensions?: readonly string[];
  /** The issuer. By default the certificate is self-signed. */
  readonly issuer?: KeyPair;
}

/** Makes a certificate that certs/issueCertificate.ts cannot make, by default for localhost. */
export function opensslCertificate(options: OpensslCertificate): KeyPair {
  const { newKey = 'rsa:2048', commonName = 'localhost', extensions = ['basicConstraints=CA:TRUE'], issuer } = options;
  const { subject = `/CN=${commonName}` } = options;
  const folder = temporaryFolder({
    'ca.crt': issuer?.certificate ?? '',
    'ca.key': issuer?.privateKey ?? '',
    'openssl.cnf': '[req]\ndistinguished_name = name\n[name]\n',
  });
  const path = (name: string) => join(folder, name);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-config', path('openssl.cnf'), '-nodes', '-utf8', '-days', '365', '-subj', subject],
      ...['-newkey', ...newKey.split(' '), '-keyout', path('new.key'), '-out', path('new.crt')],
      ...extensions.flatMap((extension) => ['-addext', extension]),
      ...(issuer ? ['-CA', path('ca.crt'), '-CAkey', path('ca.key')] : []),
    ],
    { stdio: 'pipe' },
  );
  return { certificate: readFileSync(path('new.crt'), 'utf8'), privateKey: readFileSync(path('new.key'), 'utf8') };
}
