import { createSecretKey, randomBytes } from 'node:crypto';
import type { LocalKms } from '../../localKms.ts';
import type { AwsKmsKey, RotationType } from '../../state/records.ts';

/** Makes the key material that a key encrypts with from now on. Without a type, it is the first. */
export function addKeyMaterial(
  { state, clock }: Pick<LocalKms, 'state' | 'clock'>,
  { keyId }: AwsKmsKey,
  rotationType?: RotationType,
): void {
  state.keyMaterials.insert({
    keyMaterialId: randomBytes(32).toString('hex'),
    keyId,
    version: state.keyMaterials.list(keyId).length + 1,
    rotationDate: rotationType && clock(),
    rotationType,
    secret: createSecretKey(randomBytes(32)),
  });
}
