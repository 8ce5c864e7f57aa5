import type { Config } from '../config/schema/schema.ts';
import type { KeyFinding, KeyManager } from '../hsm/keyManager.ts';
import { protectionProblems } from '../hsm/keyProtection.ts';
import { failure, ok, warning } from './context.ts';
import type { Finding } from '../finding.ts';

type KeyStore = Config['keyStores'][number];
type ExternalKey = KeyStore['keys'][number];
type Version = ExternalKey['versions'][number];

/** Checks each version of the keys that key stores have in this key manager. `configFile` is for advice. */
export async function* examineKeys(
  { keyStores }: Config,
  manager: KeyManager,
  configFile: string,
): AsyncGenerator<Finding> {
  const examined = keyStores
    .filter(({ keyManagers }) => keyManagers.includes(manager.name))
    .flatMap((store) =>
      store.keys.flatMap((key) => key.versions.map((version) => ({ store, key, version, configFile }))),
    );
  const found = await manager.describeKeys(examined.map(({ version }) => version));
  for (const [index, keyFinding] of found.entries()) {
    const one = examined[index];
    if (!one) continue;
    const isBlocked = one.key.status === 'blocked' || one.store.status === 'blocked';
    for (const finding of judge(one, keyFinding, manager.name)) {
      // While a key is blocked, no request uses it.
      yield isBlocked && finding.level === 'failure' ? { ...finding, level: 'warning' } : finding;
    }
  }
}

interface Examined {
  readonly store: KeyStore;
  readonly key: ExternalKey;
  readonly version: Version;
  readonly configFile: string;
}

function judge(examined: Examined, { description, failure: problem }: KeyFinding, manager: string): Finding[] {
  const { store, key, version } = examined;
  const check = `key ${key.id} of ${store.name}`;
  const where = `${version.label ?? `the key with CKA_ID ${version.ckaId ?? ''}`} in ${manager}`;
  if (problem?.errorName === 'KeyNotFoundException') {
    return [failure(check, `there is no ${where}`, adviceIfMissing(examined))];
  }
  if (problem) {
    const { message, detail = message } = problem;
    return [failure(check, `${where}: ${detail}`, 'correct the configuration or the token')];
  }
  const { keySpec, keyUsage } = description;
  const isNewest = version === key.versions.findLast(({ decryptOnly }) => !decryptOnly);
  const missing = (['ENCRYPT', 'DECRYPT'] as const).filter((usage) => !keyUsage.includes(usage));
  const advice = isNewest ? adviceToRotate(examined) : 'remove this version when no data encrypted with it is needed';
  const found: Finding[] = [];
  if (keySpec !== 'AES_256') found.push(failure(check, `${where} is ${keySpec}, and KMS uses AES_256 only`, advice));
  if (isNewest && missing.length > 0) {
    found.push(failure(check, `${where} may not ${missing.join(' and ')}, and KMS needs both`, advice));
  } else if (missing.includes('DECRYPT')) {
    found.push(warning(check, `${where} may not DECRYPT: data encrypted with it cannot be decrypted`, advice));
  }
  for (const problem of protectionProblems(description)) {
    const meaning =
      problem === 'extractable' ? 'can be extracted from the token' : 'is not sensitive: its bytes can be read';
    found.push(warning(check, `${where} ${meaning}`, advice));
  }
  const usages = keyUsage.join(', ') || 'no usage';
  return found.length > 0 ? found : [ok(check, `${where}: ${keySpec}, ${usages}, sensitive, not extractable`)];
}

function adviceIfMissing({ store, version: { label = 'LABEL', ckaId }, configFile }: Examined): string {
  const options = ckaId === undefined ? '' : ` --cka-id ${ckaId}`;
  // A new key could not decrypt data encrypted with the missing one.
  if (store.keyManagers.length > 1) return `copy the key from a key manager of ${store.name} that has it`;
  const [manager = ''] = store.keyManagers;
  const create = `xks-proxy key create ${label}${options} --key-manager ${manager} --config ${configFile}`;
  return `${create} makes the key, if it is a new one; key list shows the keys of the token`;
}

function adviceToRotate({ store, key, configFile }: Examined): string {
  const rotate = `xks-proxy key rotate ${key.id} --key-store ${store.name} --config ${configFile}`;
  return `${rotate} makes a new version: AES_256, for ENCRYPT and DECRYPT, protected`;
}
