import { redactError } from '../redactError.ts';
import { Repetition } from '../timing/repetition.ts';
import type { EventTrail } from './events/eventTrail.ts';
import { deleteKeyMaterial } from './kmsUser/deleteKeyMaterial.ts';
import { deleteDueKeys } from './operations/keys/deleteDueKeys.ts';

const PAUSE_MS = 1_000;

/** Deletes keys soon after their waiting period has ended, also while there are no calls, and then their key material in clusters. */
export function keyDeletion(
  kms: Parameters<typeof deleteKeyMaterial>[0],
  events: EventTrail,
  log: { error(record: object, message: string): void },
): Repetition {
  const work = async (): Promise<void> => {
    try {
      deleteDueKeys(kms, events);
      await deleteKeyMaterial(kms, events);
    } catch (error) {
      log.error({ detail: redactError(error) }, 'keys whose waiting period has ended cannot be deleted');
    }
  };
  return new Repetition(work, () => PAUSE_MS);
}
