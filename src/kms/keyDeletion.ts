import { redactError } from '../redactError.ts';
import { Repetition } from '../timing/repetition.ts';
import type { EventTrail } from './events/eventTrail.ts';
import { deleteDueKeys } from './operations/keys/deleteDueKeys.ts';

const PAUSE_MS = 1_000;

/** Deletes keys soon after their waiting period has ended, also while there are no calls. */
export function keyDeletion(
  kms: Parameters<typeof deleteDueKeys>[0],
  events: EventTrail,
  log: { error(record: object, message: string): void },
): Repetition {
  const work = (): Promise<void> => {
    try {
      deleteDueKeys(kms, events);
    } catch (error) {
      log.error({ detail: redactError(error) }, 'keys whose waiting period has ended cannot be deleted');
    }
    return Promise.resolve();
  };
  return new Repetition(work, () => PAUSE_MS);
}
