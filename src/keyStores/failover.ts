import type { HealthChange } from './healthHistory.ts';
import { XksError, type XksErrorName } from '../xks/errors.ts';
import type { KeyManager, KeyManagerHealth } from '../hsm/keyManager.ts';

/** A key manager, and whether it is thought to be able to serve. */
export interface GuardedKeyManager {
  readonly keyManager: KeyManager;
  health(): KeyManagerHealth;
  /** The last changes of its health, newest last. */
  changes(): readonly HealthChange[];
  /** Whether other key managers are tried before this one, because it cannot serve or its operations fail. */
  isLeftOut(): boolean;
  /** Whether it has been unable to serve for so long that another proxy should get the requests. */
  isLost(): boolean;
  /** Notes that an operation succeeded. */
  succeeded(): void;
  /** Notes that an operation failed, and that the key manager is to blame. */
  failed(): void;
}

const BROKEN: readonly XksErrorName[] = ['InternalException', 'DependencyTimeoutException'];
// The key manager works, but it has no free session, or not yet the replica of a new key.
const LACKING: readonly XksErrorName[] = ['ThrottlingException', 'KeyNotFoundException'];

/**
 * Resolves to the result of `use` with the first key manager that can serve. Key managers are tried in order of preference, and
 * those that are left out are tried last. Together they have the longest of their `timeoutMs`, on `clock`. `use` gets the
 * deadline of its own share. If all fail, throws the error of the first one.
 */
export async function withFailover<T>(
  managers: readonly GuardedKeyManager[],
  clock: () => number,
  use: (keyManager: KeyManager, deadline: number) => Promise<T>,
): Promise<T> {
  const end = clock() + Math.max(...managers.map(({ keyManager }) => keyManager.timeoutMs));
  const [serving, unable] = partition(managers);
  const failures: unknown[] = [];
  for (const [index, manager] of [...serving, ...unable].entries()) {
    const now = clock();
    if (index > 0 && now >= end) break;
    // A key manager that hangs leaves half of the time to the next one that serves.
    const deadline = index < serving.length - 1 ? (now + end) / 2 : end;
    try {
      const result = await use(manager.keyManager, deadline);
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

function partition(managers: readonly GuardedKeyManager[]): [GuardedKeyManager[], GuardedKeyManager[]] {
  const serving: GuardedKeyManager[] = [];
  const unable: GuardedKeyManager[] = [];
  for (const manager of managers) (manager.isLeftOut() ? unable : serving).push(manager);
  return [serving, unable];
}
