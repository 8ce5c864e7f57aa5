import type { Logger } from 'pino';
import { Pkcs11Failure } from '../hsm/pkcs11/pkcs11Failure.ts';
import type { ReconnectingKeyManager } from '../hsm/pkcs11/reconnectingKeyManager.ts';
import type { HealthGuard } from '../keyStores/healthGuard.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';

export interface ManagedKeyManager {
  readonly keyManager: ReconnectingKeyManager;
  readonly guard: HealthGuard;
}

// A key manager that hangs must not keep the others from serving.
const OPEN_MS = 2_000;
// Nor may it prevent a later reload. Describing thousands of keys may also take a while.
const LONGEST_OPEN_MS = 60_000;

/**
 * Opens key managers, by their names, until each key store has one that is open. The others are retried in the background. Throws
 * Pkcs11Failure if a key store has none that can be opened, unless the options say to continue without one.
 */
export async function openKeyManagers(
  managed: ReadonlyMap<string, ManagedKeyManager>,
  keyStores: readonly { readonly keyManagers: readonly string[] }[],
  goesOnWithout: 'none' | 'refused PINs' | 'any',
  log: Logger,
): Promise<void> {
  const failures = new Map<string, Pkcs11Failure>();
  const attempts = new Map<string, Promise<Pkcs11Failure | undefined>>();
  for (const [name, { keyManager }] of managed) {
    logOpening(log, name);
    const attempt = keyManager.open().then((failure) => {
      if (failure) failures.set(name, failure);
      return failure;
    });
    attempts.set(name, attempt);
    // Usually one after the other: copies of a library may not be locked against one another in one process.
    await withTimeLimit(attempt, OPEN_MS, () => undefined, { keepsProcess: false });
  }
  const opened = async (name: string) => {
    const failure = await attempts.get(name);
    const isBearable = goesOnWithout === 'refused PINs' && failure?.pinRefused;
    if (failure && !isBearable) throw failure;
  };
  try {
    // A start that continues without key managers does not wait for one that hangs either.
    if (goesOnWithout !== 'any') {
      await Promise.all(keyStores.map(({ keyManagers }) => Promise.any(keyManagers.map(opened))));
    }
  } catch (error) {
    if (failures.size === 0) throw error;
    // There may be several key managers, and an operator sees only this message.
    throw new Pkcs11Failure([...failures].map(([name, { message }]) => `key manager ${name}: ${message}`).join('\n'));
  }
  for (const [name, { keyManager, guard }] of managed) {
    if (!keyManager.isOpen) void guard.start();
    void attempts.get(name)?.then((failure) => {
      if (failure) keyManager.openLater();
    });
  }
}

/** Opens key managers while others serve. Throws Pkcs11Failure if one of them cannot be opened. */
export async function openAllKeyManagers(managed: readonly ManagedKeyManager[], log: Logger): Promise<void> {
  for (const { keyManager } of managed) {
    logOpening(log, keyManager.name);
    const late = () => new Pkcs11Failure(`It did not open within ${LONGEST_OPEN_MS / 1000} seconds.`);
    const failure = await withTimeLimit(keyManager.open(), LONGEST_OPEN_MS, late, { keepsProcess: false });
    if (failure) throw new Pkcs11Failure(`key manager ${keyManager.name}: ${failure.message}`);
  }
}

/** Logs before a call that may take long or never return. */
function logOpening(log: Logger, keyManager: string): void {
  log.info({ keyManager }, 'opening a key manager');
}
