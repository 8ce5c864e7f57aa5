import { keyArn } from '../../arn.ts';
import type { LocalKms } from '../../localKms.ts';
import type { KmsKey } from '../../state/records.ts';
import { keyStateOf, storeOf } from './keyState.ts';

/** Returns the KeyMetadata of CreateKey and DescribeKey. */
export function keyMetadata(kms: LocalKms, key: KmsKey): Readonly<Record<string, unknown>> {
  const keyState = keyStateOf(kms, key);
  return {
    AWSAccountId: kms.identity.accountId,
    KeyId: key.keyId,
    Arn: keyArn(kms.identity, key.keyId),
    CreationDate: new Date(key.creationDate),
    Enabled: keyState === 'Enabled',
    Description: key.description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: keyState,
    ...(key.deletionDate !== undefined && { DeletionDate: new Date(key.deletionDate) }),
    Origin: key.origin,
    ...(key.origin !== 'AWS_KMS' && { CustomKeyStoreId: key.customKeyStoreId }),
    ...(key.origin === 'AWS_CLOUDHSM' && { CloudHsmClusterId: storeOf(kms, key).cloudHsmClusterId }),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
    MultiRegion: false,
    ...(key.origin === 'AWS_KMS' && {
      CurrentKeyMaterialId: kms.state.keyMaterials.list(key.keyId).at(-1)?.keyMaterialId,
    }),
    ...(key.origin === 'EXTERNAL_KEY_STORE' && { XksKeyConfiguration: { Id: key.xksKeyId } }),
  };
}
