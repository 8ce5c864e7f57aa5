import { createSecretKey, randomBytes } from 'node:crypto';
import type { LocalKms } from '../../localKms.ts';
import type { AwsKmsKey, RotationType } from '../../state/records.ts';

/** Creates the key material that a key encrypts with from now on. The first key material of a key has no rotation type. */
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
