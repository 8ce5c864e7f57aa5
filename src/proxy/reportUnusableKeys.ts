import type { Pkcs11Logger } from '../hsm/pkcs11/serving/lossLog.ts';
import type { KeyManager } from '../hsm/keyManager.ts';
import { protectionProblems } from '../hsm/keyProtection.ts';
import { nameOfVersion, type ExternalKey } from '../operations/externalKey.ts';
import { XksError } from '../xks/errors.ts';

const UNPROTECTED =
  'the HSM does not protect the key: extractable means that the key can leave the HSM, not_sensitive that its bytes can be read there in the clear. Rotate to a key that the HSM protects: xks-proxy key rotate makes one';

/** Logs which keys of a key store a key manager lacks, does not protect, or has in a form that KMS does not use. */
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
        const description = await keyManager.describeKey(version);
        const { keySpec } = description;
        const problems = protectionProblems(description);
        if (keySpec !== 'AES_256') log.warn({ ...record, keySpec }, 'KMS only uses AES_256 keys');
        if (problems.length > 0) log.error({ ...record, problems }, UNPROTECTED);
      } catch (error) {
        if (!(error instanceof XksError)) throw error;
        const { errorName, message, detail } = error;
        log.warn({ ...record, errorName, detail }, `the key cannot be used: ${message}`);
      }
    }
  }
}
