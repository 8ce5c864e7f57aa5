import type { Pkcs11Logger } from '../hsm/pkcs11/serving/lossLog.ts';
import type { KeyManager } from '../hsm/keyManager.ts';
import { nameOfVersion, type ExternalKey } from '../operations/externalKey.ts';
import { XksError } from '../xks/errors.ts';

/** Logs which keys of a key store a key manager lacks, or has in a form that KMS does not use. */
export async function reportUnusableKeys(
  keyStore: string,
  keys: readonly Pick<ExternalKey, 'id' | 'versions'>[],
  keyManager: KeyManager,
  log: Pkcs11Logger,
): Promise<void> {
  for (const { id, versions } of keys) {
    for (const version of versions) {
      const record = { keyStore, keyManager: keyManager.name, externalKeyId: id, keyVersion: nameOfVersion(version) };
      try {
        const { keySpec } = await keyManager.describeKey(version);
        if (keySpec !== 'AES_256') log.warn({ ...record, keySpec }, 'KMS only uses AES_256 keys');
      } catch (error) {
        if (!(error instanceof XksError)) throw error;
        const { errorName, message, detail } = error;
        log.warn({ ...record, errorName, detail }, `the key cannot be used: ${message}`);
      }
    }
  }
}
