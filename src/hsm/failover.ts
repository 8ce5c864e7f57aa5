import { XksError, type XksErrorName } from '../xks/errors.ts';
import type { KeyManager, KeyManagerHealth } from './keyManager.ts';

/** A key manager, and whether it is thought to be able to serve. */
export interface GuardedKeyManager {
  readonly keyManager: KeyManager;
  health(): KeyManagerHealth;
  /** Told of each operation that worked. */
  succeeded(): void;
  /** Told of each operation that failed for a reason that lies with the key manager. */
  failed(): void;
}

const BROKEN: readonly XksErrorName[] = ['InternalException', 'DependencyTimeoutException'];
// It works, but has no session free, or not yet the replica of a new key.
const LACKING: readonly XksErrorName[] = ['ThrottlingException', 'KeyNotFoundException'];

/**
 * What `use` gives with the first key manager that can serve: in order of preference, those that are thought unable to last.
 * Throws what the first one threw when none can.
 */
export async function withFailover<T>(
  managers: readonly GuardedKeyManager[],
  use: (keyManager: KeyManager) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = [];
  for (const manager of managers.length === 1 ? managers : inOrder(managers)) {
    try {
      const result = await use(manager.keyManager);
      manager.succeeded();
      return result;
    } catch (error) {
      const name = error instanceof XksError ? error.errorName : 'InternalException';
      if (BROKEN.includes(name)) manager.failed();
      else if (!LACKING.includes(name)) throw error;
      failures.push(error);
    }
  }
  throw failures[0];
}

function inOrder(managers: readonly GuardedKeyManager[]): GuardedKeyManager[] {
  const isServing = (manager: GuardedKeyManager) => manager.health().healthStatus !== 'UNAVAILABLE';
  return [...managers.filter(isServing), ...managers.filter((manager) => !isServing(manager))];
}
