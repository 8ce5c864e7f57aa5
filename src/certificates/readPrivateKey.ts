import { createPrivateKey, type KeyObject } from 'node:crypto';
import { refuseByteOrderMark } from './readPemBundle.ts';

const ADVICE = 'openssl pkey -in OLD -out NEW';

/**
 * Reads the private key of a PEM text. Throws an Error whose message is to follow the name of the file and a colon. The message
 * never quotes the text.
 */
export function readPrivateKey(text: string): KeyObject {
  refuseByteOrderMark(text);
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]{1,40})-----\s*$/gm)].map(([, label = '']) => label);
  const keys = labels.filter((label) => label.endsWith('PRIVATE KEY'));
  if (keys.length > 1) throw new Error(`holds ${keys.length} private keys; keep only the one of the certificate`);
  if (keys[0] === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4, *ENCRYPTED/m.test(text)) {
    throw new Error(`holds an encrypted private key, which is not supported; decrypt it: ${ADVICE}`);
  }
  if (keys[0] === 'OPENSSH PRIVATE KEY') {
    throw new Error('holds a private key in the form of OpenSSH; convert a copy: ssh-keygen -p -m PEM -N "" -f COPY');
  }
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const found = keys.length === 0 && labels.length > 0 ? `, but a block "${labels[0] ?? ''}"` : '';
    throw new Error(`holds no usable PEM private key${found}`, { cause });
  }
}

/** Formats the key as PEM (PKCS #8), without passphrase. */
export function writePrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
