import { newCredential } from '../sigv4/newCredential.ts';
import { credentialFile } from '../xks/credentialFile.ts';

/** A new credential of a key store, in the forms that its configuration and the KMS console take. */
export interface CreatedCredential {
  /** Its entry under `credentials`. */
  readonly entry: { readonly accessKeyId: string; readonly secretAccessKey: { readonly file: string } };
  /** The secret, by the file that the entry refers to. */
  readonly newSecrets: Readonly<Record<string, string>>;
  credentialFile(uriPathPrefix: string): string;
}

export function createCredential(keyStore: string): CreatedCredential {
  const { accessKeyId, secretAccessKey } = newCredential();
  const file = `${keyStore}.${accessKeyId}.secret`;
  return {
    entry: { accessKeyId, secretAccessKey: { file } },
    newSecrets: { [file]: secretAccessKey.reveal() },
    credentialFile: (uriPathPrefix) => credentialFile(uriPathPrefix, accessKeyId, secretAccessKey.reveal()),
  };
}
