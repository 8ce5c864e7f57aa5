import type { HealthChange } from './healthHistory.ts';
import { XksError, type XksErrorName } from '../xks/errors.ts';
import type { KeyManager, KeyManagerHealth } from '../hsm/keyManager.ts';

/** A key manager, and whether it is thought to be able to serve. */
export interface GuardedKeyManager {
  readonly keyManager: KeyManager;
  health(): KeyManagerHealth;
  /** The last changes of its health, the newest last. */
  changes(): readonly HealthChange[];
  /** Whether the others are to be asked before it, because it cannot serve or its operations fail. */
  isLeftOut(): boolean;
  /** Whether it has been unable to serve for so long that requests are better sent to another proxy. */
  isLost(): boolean;
  /** Notes an operation that worked. */
  succeeded(): void;
  /** Notes an operation that failed for a reason that lies with the key manager. */
  failed(): void;
}

const BROKEN: readonly XksErrorName[] = ['InternalException', 'DependencyTimeoutException'];
// It works, but has no session free, or not yet the replica of a new key.
const LACKING: readonly XksErrorName[] = ['ThrottlingException', 'KeyNotFoundException'];

/**
 * Resolves to what `use` gives with the first key manager that can serve. They are tried in order of preference, those left out last.
 * All of them together have the longest of their `timeoutMs`, on `clock`; `use` is told when its own share of it is over.
 * Throws what the first one threw when none can.
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
    // One that hangs leaves half of the time to the next one that serves.
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
