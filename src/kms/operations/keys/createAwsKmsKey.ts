import type { LocalKms } from '../../localKms.ts';
import type { AwsKmsKey } from '../../state/records.ts';
import { addKeyMaterial } from '../rotation/addKeyMaterial.ts';

/** Stores a KMS key with KMS's own key material. Automatic rotation is off at first. */
export function createAwsKmsKey(
  kms: LocalKms,
  common: Omit<AwsKmsKey, 'origin' | 'creationDate' | 'rotationPeriodInDays' | 'nextRotationDate'>,
): AwsKmsKey {
  const key: AwsKmsKey = {
    ...common,
    origin: 'AWS_KMS',
    creationDate: kms.clock(),
    rotationPeriodInDays: undefined,
    nextRotationDate: undefined,
  };
  kms.state.together(() => {
    kms.state.keys.insert(key);
    addKeyMaterial(kms, key);
  });
  return key;
}
