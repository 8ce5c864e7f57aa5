import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { customKeyStoreName, customKeyStoreType } from '../members.ts';
import { operation } from '../operation.ts';
import { anyCloudHsmMembers } from './cloudHsmMembers.ts';
import { createCloudHsmKeyStore } from './createCloudHsmKeyStore.ts';
import { createExternalKeyStore } from './createExternalKeyStore.ts';
import { refuseMembersOfOthers } from './refuseMembers.ts';
import { xksProxyMembers } from './xksProxyMembers.ts';

const shape = z.object({
  CustomKeyStoreName: customKeyStoreName,
  CustomKeyStoreType: customKeyStoreType.default('AWS_CLOUDHSM'),
  ...anyCloudHsmMembers,
  ...xksProxyMembers,
});

/** Creates a key store, which is DISCONNECTED. */
export const createCustomKeyStore = operation(shape, async (kms, input, { requestId }) => {
  refuseMembersOfOthers(input.CustomKeyStoreType, input);
  const common = {
    customKeyStoreId: `cks-${randomBytes(9).toString('hex').slice(1)}`,
    customKeyStoreName: input.CustomKeyStoreName,
    creationDate: kms.clock(),
    connectionState: 'DISCONNECTED',
    connectionErrorCode: undefined,
  } as const;
  if (input.CustomKeyStoreType === 'AWS_CLOUDHSM') createCloudHsmKeyStore(kms, input, common);
  else await createExternalKeyStore(kms, input, common, requestId);
  return { CustomKeyStoreId: common.customKeyStoreId };
});
