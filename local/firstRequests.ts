import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { curlArguments, type SignedPost } from './curlCommand.ts';

export type Signing = Omit<SignedPost, 'url' | 'body'>;

const PLAINTEXT = Buffer.from('Hello, XKS!').toString('base64');

export function encryptRequest(keyUrl: string, signing: Signing): SignedPost {
  return keyRequest(keyUrl, signing, 'Encrypt', { plaintext: PLAINTEXT });
}

/** Encrypts and decrypts through curl. Throws unless the result is the plaintext. */
export async function encryptAndDecrypt(keyUrl: string, signing: Signing): Promise<void> {
  const sealed = await post(encryptRequest(keyUrl, signing));
  const { plaintext } = await post(keyRequest(keyUrl, signing, 'Decrypt', sealed));
  if (plaintext !== PLAINTEXT) throw new Error('The decrypted text is not the one that was encrypted.');
}

function keyRequest(keyUrl: string, signing: Signing, kmsOperation: 'Encrypt' | 'Decrypt', fields: object): SignedPost {
  return {
    ...signing,
    url: `${keyUrl}/${kmsOperation.toLowerCase()}`,
    body: {
      requestMetadata: {
        awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
        kmsKeyArn: `arn:aws:kms:${signing.region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
        kmsOperation,
        kmsRequestId: randomUUID(),
      },
      encryptionAlgorithm: 'AES_GCM',
      ...fields,
    },
  };
}

function post(request: SignedPost): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    execFile('curl', curlArguments(request), { timeout: 10_000 }, (error, stdout, stderr) => {
      // The error itself is dropped, because it quotes the arguments, which contain the secret.
      if (error) reject(new Error(`curl ${request.url} failed: ${stderr || (error.code ?? 'no answer').toString()}`));
      else if (stdout.includes('"errorName"')) reject(new Error(`${request.url} answered ${stdout}`));
      else resolve(JSON.parse(stdout) as Record<string, string>);
    });
  });
}
