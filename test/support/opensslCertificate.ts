import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import { temporaryFolder } from './temporaryFolder.ts';

export interface OpensslCertificate {
  /** What follows `-newkey`, such as `rsa:1024` or `ec -pkeyopt ec_paramgen_curve:secp256k1`. Without a blank in any word. */
  readonly newKey?: string;
  readonly commonName?: string;
  /** Such as `/C=US/CN=a`; left out: the common name alone. */
  readonly subject?: string;
  /** Such as `extendedKeyUsage=clientAuth`; left out: `basicConstraints=CA:TRUE`. None: a certificate of version 1. */
  readonly extensions?: readonly string[];
  /** Left out: self-signed. */
  readonly issuer?: KeyPair;
}

/** A certificate that certs/issueCertificate.ts cannot make; for localhost by default. */
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
