import { deleteKeyEvent } from '../../events/cloudTrailEvent.ts';
import type { EventTrail } from '../../events/eventTrail.ts';
import type { LocalKms } from '../../localKms.ts';

/** Deletes the keys whose waiting period has ended, each with an event. The external key is left as it is. */
export function deleteDueKeys(kms: Pick<LocalKms, 'identity' | 'state' | 'clock'>, events: EventTrail): void {
  for (const key of kms.state.keys.deleteDue(kms.clock())) {
    const { customKeyStoreId, xksKeyId } = key;
    events.add(deleteKeyEvent(kms, key, { customKeyStoreId, xksKeyId }));
  }
}
