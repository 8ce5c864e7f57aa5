import { deleteKeyEvent } from '../../events/cloudTrailEvent.ts';
import type { EventTrail } from '../../events/eventTrail.ts';
import type { LocalKms } from '../../localKms.ts';

/**
 * Deletes the keys whose waiting period has ended. Their external keys are not changed, and their events are added at once. Key material in
 * a cluster is deleted soon after, and its event reports the outcome.
 */
export function deleteDueKeys(kms: Pick<LocalKms, 'identity' | 'state' | 'clock'>, events: EventTrail): void {
  for (const key of kms.state.keys.deleteDue(kms.clock())) {
    if (key.origin === 'AWS_KMS') events.add(deleteKeyEvent(kms, key, {}));
    if (key.origin !== 'EXTERNAL_KEY_STORE') continue;
    const { customKeyStoreId, xksKeyId } = key;
    events.add(deleteKeyEvent(kms, key, { customKeyStoreId, xksKeyId }));
  }
}
