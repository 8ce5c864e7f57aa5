import type { KeyStore } from './keyStore.ts';

/** Whether a load balancer should send requests here, and the problems that were found. */
export interface Readiness {
  readonly ready: boolean;
  /** A proxy that is ready may have problems too, such as one key store of several that is not served. */
  readonly problems: readonly string[];
}

/** Phase of the proxy: `starting` until it listens, `draining` from the moment it is asked to stop. */
export type Phase = 'starting' | 'serving' | 'draining';

/** Ready while the proxy serves at least one key store, and can record requests. */
export function judgeReadiness(phase: Phase, keyStores: readonly KeyStore[], recordingProblem?: string): Readiness {
  if (phase !== 'serving') return { ready: false, problems: [phase] };
  if (recordingProblem !== undefined) return { ready: false, problems: [recordingProblem] };
  const unserved = keyStores.filter((keyStore) => !isServing(keyStore));
  return {
    ready: unserved.length < keyStores.length,
    problems: unserved.map(({ name }) => `no key manager of key store ${name} can serve`),
  };
}

/** Whether a key manager of the key store serves, or has failed only briefly. */
export function isServing({ keyManagers }: KeyStore): boolean {
  return keyManagers.some((keyManager) => !keyManager.isLost());
}
