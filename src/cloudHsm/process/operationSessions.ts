import { setTimeout as sleep } from 'node:timers/promises';
import type { Cryptoki, SessionHandle } from '../../hsm/pkcs11/cryptoki/cryptoki.ts';
import { ClusterFailure } from '../clusterFailure.ts';
import type { ClusterToken } from './clusterToken.ts';

// Typical time of an operation over a network. Without it, SoftHSM is so fast that no burst would use up the sessions.
const OPERATION_MS = 2;

export interface OperationSessionsOptions {
  readonly token: ClusterToken;
  readonly cryptoki: Pick<Cryptoki, 'closeSession'>;
  /** Sessions that may be in use at once. */
  readonly max: number;
}

/** Limits the PKCS#11 sessions of a cluster that operations with keys use at once. */
export class OperationSessions {
  readonly #options: OperationSessionsOptions;
  #inUse = 0;

  constructor(options: OperationSessionsOptions) {
    this.#options = options;
  }

  /** Lends a session until the returned promise settles. Throws ClusterFailure if all sessions are in use. */
  async lend<T>(operate: (session: SessionHandle) => T): Promise<Awaited<T>> {
    const { token, cryptoki, max } = this.#options;
    if (this.#inUse >= max) {
      throw new ClusterFailure('no free session', `All ${max} PKCS #11 sessions of the cluster are in use. Try again.`);
    }
    const session = token.openSession();
    this.#inUse += 1;
    try {
      const result = await operate(session);
      await sleep(OPERATION_MS);
      return result;
    } finally {
      this.#inUse -= 1;
      cryptoki.closeSession(session);
    }
  }
}
