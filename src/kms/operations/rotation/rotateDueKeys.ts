import type { LocalKms } from '../../localKms.ts';
import { addKeyMaterial } from './addKeyMaterial.ts';

/** Rotates the keys whose time has come, once each, however late it is. Those that are Disabled wait until they are Enabled. */
export function rotateDueKeys(kms: Pick<LocalKms, 'state' | 'clock' | 'dayMs'>): void {
  for (const key of kms.state.keys.dueForRotation(kms.clock())) {
    const { keyId, rotationPeriodInDays: periodInDays = 0 } = key;
    kms.state.together(() => {
      addKeyMaterial(kms, key, 'AUTOMATIC');
      kms.state.keys.setRotation(keyId, { periodInDays, nextDate: Math.round(kms.clock() + periodInDays * kms.dayMs) });
    });
  }
}
