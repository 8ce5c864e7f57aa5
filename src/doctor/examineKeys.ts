import type { Config } from '../config/schema/schema.ts';
import type { KeyFinding, KeyManager, KeySelector } from '../hsm/keyManager.ts';
import { protectionProblems } from '../hsm/keyProtection.ts';
import { failure, ok, warning } from './context.ts';
import type { Finding } from '../finding.ts';

type KeyStore = Config['keyStores'][number];
type ExternalKey = KeyStore['keys'][number];
type Version = ExternalKey['versions'][number];

/** The check value of a key. Plain values, because they cross between processes. */
export interface KeyCheckValue {
  /** Name of the key manager. */
  readonly keyManager: string;
  readonly key: KeySelector;
  /** Upper-case hexadecimal. */
  readonly checkValue: string;
}

interface ExamineKeysOptions {
  /** Name of the configuration file, for advice. */
  readonly configFile: string;
  readonly noteCheckValue: (found: KeyCheckValue) => void;
}

/** Checks each version of the keys that key stores have in this key manager, and notes their check values. */
export async function* examineKeys(
  { keyStores }: Config,
  manager: KeyManager,
  { configFile, noteCheckValue }: ExamineKeysOptions,
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
    const { store, key, version } = one;
    const { checkValue } = keyFinding.description ?? {};
    if (checkValue !== undefined) {
      const { label, ckaId } = version;
      noteCheckValue({ keyManager: manager.name, key: { label, ckaId }, checkValue });
    }
    for (const finding of judge(one, keyFinding, manager.name)) yield lessIfBlocked(finding, store, key);
  }
}

/** Makes a failure of a blocked key a warning. While a key is blocked, no request uses it. */
export function lessIfBlocked(
  finding: Finding,
  store: Pick<KeyStore, 'status'>,
  key: Pick<ExternalKey, 'status'>,
): Finding {
  const isBlocked = key.status === 'blocked' || store.status === 'blocked';
  return isBlocked && finding.level === 'failure' ? { ...finding, level: 'warning' } : finding;
}

export function describeVersion({ label, ckaId = '' }: KeySelector): string {
  return label ?? `the key with CKA_ID ${ckaId}`;
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
  const where = `${describeVersion(version)} in ${manager}`;
  if (problem?.errorName === 'KeyNotFoundException') {
    return [failure(check, `there is no ${where}`, adviceIfMissing(examined))];
  }
  if (problem) {
    const { message, detail = message } = problem;
    return [failure(check, `${where}: ${detail}`, 'correct the configuration or the token')];
  }
  const { keySpec, keyUsage, checkValue } = description;
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
  if (description.private === false) {
    found.push(warning(check, `${where} can be used without a PIN, because its CKA_PRIVATE is false`, advice));
  }
  const usages = keyUsage.join(', ') || 'no usage';
  const identity = checkValue === undefined ? keySpec : `${keySpec}, check value ${checkValue}`;
  return found.length > 0 ? found : [ok(check, `${where}: ${identity}, ${usages}, sensitive, not extractable`)];
}

// A new key could not decrypt data encrypted with the missing one.
function adviceIfMissing({ store, key, version, configFile }: Examined): string {
  if (store.keyManagers.length > 1) return `copy the key from a key manager of ${store.name} that has it`;
  const restore = 'restore it from its backup, because a new key decrypts nothing';
  const isOld = key.versions.slice(key.versions.indexOf(version) + 1).some(({ decryptOnly }) => !decryptOnly);
  if (isOld) return `${restore}; or remove this version when no data encrypted with it is needed`;
  const { label = 'LABEL', ckaId } = version;
  const [manager = ''] = store.keyManagers;
  const options = ckaId === undefined ? '' : ` --cka-id ${ckaId}`;
  const create = `xks-proxy key create ${label}${options} --key-manager ${manager} --config ${configFile}`;
  return `${restore}; if it has never encrypted anything, ${create} makes it (key list shows the keys of the token)`;
}

function adviceToRotate({ store, key, configFile }: Examined): string {
  const last = key.versions.at(-1);
  if (last?.decryptOnly) {
    return `${describeVersion(last)} can replace it: remove its decryptOnly when all proxies have this version`;
  }
  const rotate = `xks-proxy key rotate ${key.id} --key-store ${store.name} --config ${configFile}`;
  return `${rotate} makes a new version: AES_256, for ENCRYPT and DECRYPT, protected`;
}
