import { createAlias } from './aliases/createAlias.ts';
import { deleteAlias } from './aliases/deleteAlias.ts';
import { listAliases } from './aliases/listAliases.ts';
import { updateAlias } from './aliases/updateAlias.ts';
import { decrypt } from './cryptography/decrypt.ts';
import { encrypt } from './cryptography/encrypt.ts';
import { generateDataKey } from './cryptography/generateDataKey.ts';
import { generateDataKeyWithoutPlaintext } from './cryptography/generateDataKeyWithoutPlaintext.ts';
import { generateRandom } from './cryptography/generateRandom.ts';
import { reEncrypt } from './cryptography/reEncrypt.ts';
import { connectCustomKeyStore } from './customKeyStores/connectCustomKeyStore.ts';
import { createCustomKeyStore } from './customKeyStores/createCustomKeyStore.ts';
import { deleteCustomKeyStore } from './customKeyStores/deleteCustomKeyStore.ts';
import { describeCustomKeyStores } from './customKeyStores/describeCustomKeyStores.ts';
import { disconnectCustomKeyStore } from './customKeyStores/disconnectCustomKeyStore.ts';
import { updateCustomKeyStore } from './customKeyStores/updateCustomKeyStore.ts';
import { createGrant } from './grants/createGrant.ts';
import { listGrants } from './grants/listGrants.ts';
import { listRetirableGrants } from './grants/listRetirableGrants.ts';
import { retireGrant } from './grants/retireGrant.ts';
import { revokeGrant } from './grants/revokeGrant.ts';
import { cancelKeyDeletion } from './keys/cancelKeyDeletion.ts';
import { createKey } from './keys/createKey.ts';
import { describeKey } from './keys/describeKey.ts';
import { disableKey } from './keys/disableKey.ts';
import { enableKey } from './keys/enableKey.ts';
import { getKeyLastUsage } from './keys/getKeyLastUsage.ts';
import { getKeyPolicy } from './keys/getKeyPolicy.ts';
import { IMPOSSIBLE_OPERATIONS } from './keys/impossibleOperations.ts';
import { listKeyPolicies } from './keys/listKeyPolicies.ts';
import { listKeys } from './keys/listKeys.ts';
import { listResourceTags } from './keys/listResourceTags.ts';
import { putKeyPolicy } from './keys/putKeyPolicy.ts';
import { scheduleKeyDeletion } from './keys/scheduleKeyDeletion.ts';
import { tagResource } from './keys/tagResource.ts';
import { untagResource } from './keys/untagResource.ts';
import { updateKeyDescription } from './keys/updateKeyDescription.ts';
import { disableKeyRotation } from './rotation/disableKeyRotation.ts';
import { enableKeyRotation } from './rotation/enableKeyRotation.ts';
import { getKeyRotationStatus } from './rotation/getKeyRotationStatus.ts';
import { listKeyRotations } from './rotation/listKeyRotations.ts';
import { rotateKeyOnDemand } from './rotation/rotateKeyOnDemand.ts';
import type { Operation } from './operation.ts';

/** The operations of KMS that the local KMS supports, by name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateCustomKeyStore: createCustomKeyStore,
  UpdateCustomKeyStore: updateCustomKeyStore,
  ConnectCustomKeyStore: connectCustomKeyStore,
  DisconnectCustomKeyStore: disconnectCustomKeyStore,
  DescribeCustomKeyStores: describeCustomKeyStores,
  DeleteCustomKeyStore: deleteCustomKeyStore,
  CreateKey: createKey,
  DescribeKey: describeKey,
  ListKeys: listKeys,
  EnableKey: enableKey,
  DisableKey: disableKey,
  ScheduleKeyDeletion: scheduleKeyDeletion,
  CancelKeyDeletion: cancelKeyDeletion,
  UpdateKeyDescription: updateKeyDescription,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListResourceTags: listResourceTags,
  GetKeyPolicy: getKeyPolicy,
  PutKeyPolicy: putKeyPolicy,
  ListKeyPolicies: listKeyPolicies,
  CreateAlias: createAlias,
  UpdateAlias: updateAlias,
  DeleteAlias: deleteAlias,
  ListAliases: listAliases,
  CreateGrant: createGrant,
  ListGrants: listGrants,
  ListRetirableGrants: listRetirableGrants,
  RetireGrant: retireGrant,
  RevokeGrant: revokeGrant,
  Encrypt: encrypt,
  Decrypt: decrypt,
  ReEncrypt: reEncrypt,
  GenerateDataKey: generateDataKey,
  GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
  GenerateRandom: generateRandom,
  EnableKeyRotation: enableKeyRotation,
  DisableKeyRotation: disableKeyRotation,
  GetKeyRotationStatus: getKeyRotationStatus,
  RotateKeyOnDemand: rotateKeyOnDemand,
  ListKeyRotations: listKeyRotations,
  GetKeyLastUsage: getKeyLastUsage,
  ...IMPOSSIBLE_OPERATIONS,
};
