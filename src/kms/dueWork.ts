import { redactError } from '../redactError.ts';
import { Repetition } from '../timing/repetition.ts';
import type { EventTrail } from './events/eventTrail.ts';
import { deleteKeyMaterial } from './kmsUser/deleteKeyMaterial.ts';
import type { LocalKms } from './localKms.ts';
import { deleteDueKeys } from './operations/keys/deleteDueKeys.ts';
import { rotateDueKeys } from './operations/rotation/rotateDueKeys.ts';

const PAUSE_MS = 1_000;

export interface DueWork {
  run(): Promise<void>;
  /** Starts no further work. Resolves when the running work has ended. */
  end(): Promise<void>;
}

/**
 * Does due work every second, even without calls: rotates keys, deletes keys whose waiting period has ended, and then deletes their key
 * material in clusters.
 */
export function dueWork(
  kms: Pick<LocalKms, 'identity' | 'state' | 'clock' | 'dayMs' | 'kmsUser' | 'keysInCreation'>,
  events: EventTrail,
  log: { error(record: object, message: string): void },
): DueWork {
  const ending = new AbortController();
  const work = async (): Promise<void> => {
    try {
      rotateDueKeys(kms);
      deleteDueKeys(kms, events);
      await deleteKeyMaterial(kms, events, ending.signal);
    } catch (error) {
      log.error({ detail: redactError(error) }, 'due keys cannot be rotated or deleted');
    }
  };
  const repetition = new Repetition(work, () => PAUSE_MS);
  return {
    run: () => repetition.run(),
    end: async () => {
      ending.abort();
      await repetition.end();
    },
  };
}
