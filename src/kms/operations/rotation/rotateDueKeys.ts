import type { LocalKms } from '../../localKms.ts';
import { addKeyMaterial } from './addKeyMaterial.ts';

/** Rotates each due key once, even if several rotations are overdue. A Disabled key is rotated when it is Enabled again. */
export function rotateDueKeys(kms: Pick<LocalKms, 'state' | 'clock' | 'dayMs'>): void {
  for (const key of kms.state.keys.dueForRotation(kms.clock())) {
    const { keyId, rotationPeriodInDays: periodInDays = 0 } = key;
    kms.state.together(() => {
      addKeyMaterial(kms, key, 'AUTOMATIC');
      kms.state.keys.setRotation(keyId, { periodInDays, nextDate: Math.round(kms.clock() + periodInDays * kms.dayMs) });
    });
  }
}
