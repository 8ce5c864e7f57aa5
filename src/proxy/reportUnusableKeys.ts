import type { KeyFinding, KeyManager, KeySelector } from '../hsm/keyManager.ts';
import { failureOf } from '../hsm/keyManagerFailures.ts';
import { protectionProblems } from '../hsm/keyProtection.ts';
import type { Pkcs11Logger } from '../hsm/pkcs11/serving/lossLog.ts';
import { neededUsages, nameOfVersion, type ExternalKey } from '../operations/externalKey.ts';

const UNPROTECTED =
  'the HSM does not protect the key: extractable means that the key can leave the HSM, not_sensitive that its bytes can be read there in the clear. Rotate to a key that the HSM protects: xks-proxy key rotate makes one';

interface KeysOfStore {
  /** The name of the key store. */
  readonly name: string;
  readonly keys: readonly Pick<ExternalKey, 'id' | 'versions'>[];
}

/** Logs the keys of key stores that a key manager lacks or does not protect, or that KMS cannot use. */
export async function reportUnusableKeys(
  keyStores: readonly KeysOfStore[],
  keyManager: KeyManager,
  log: Pkcs11Logger,
): Promise<void> {
  const all = keyStores.flatMap(({ name, keys }) =>
    keys.flatMap((key) => key.versions.map((version) => ({ keyStore: name, key, version }))),
  );
  const findings = await describeAll(
    keyManager,
    all.map(({ version }) => version),
  );
  for (const [index, { keyStore, key, version }] of all.entries()) {
    const record = { keyStore, keyManager: keyManager.name, externalKeyId: key.id, keyVersion: nameOfVersion(version) };
    const finding = findings[index];
    if (finding?.failure) {
      const { errorName, message, detail } = finding.failure;
      log.warn({ ...record, errorName, detail }, `the key cannot be used: ${message}`);
    } else if (finding) {
      const { keySpec, keyUsage } = finding.description;
      const problems = protectionProblems(finding.description);
      const lacks = neededUsages(key, version).filter((usage) => !keyUsage.includes(usage));
      if (keySpec !== 'AES_256') log.warn({ ...record, keySpec }, 'KMS only uses AES_256 keys');
      if (lacks.length > 0) log.warn({ ...record, lacks }, 'the key lacks a usage that KMS needs');
      if (problems.length > 0) log.error({ ...record, problems }, UNPROTECTED);
    }
  }
}

/** Describes each key. If the key manager cannot be asked, each key has that failure as its finding. */
async function describeAll(keyManager: KeyManager, keys: readonly KeySelector[]): Promise<readonly KeyFinding[]> {
  try {
    return await keyManager.describeKeys(keys);
  } catch (error) {
    const failure = failureOf(error);
    return keys.map(() => ({ failure }));
  }
}
