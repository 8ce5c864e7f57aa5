import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import { customKeyStoreId, customKeyStoreName } from '../members.ts';
import { operation } from '../operation.ts';
import { anyCloudHsmMembers } from './cloudHsmMembers.ts';
import { findCustomKeyStore } from './findCustomKeyStore.ts';
import { refuseMembersOfOthers } from './refuseMembers.ts';
import { updateCloudHsmKeyStore } from './updateCloudHsmKeyStore.ts';
import { updateExternalKeyStore } from './updateExternalKeyStore.ts';
import { xksProxyMembers } from './xksProxyMembers.ts';

const shape = z.object({
  CustomKeyStoreId: customKeyStoreId,
  NewCustomKeyStoreName: customKeyStoreName.optional(),
  ...anyCloudHsmMembers,
  ...xksProxyMembers,
  // API reference, XksProxyConnectivity: the name is null or empty with PUBLIC_ENDPOINT.
  XksProxyVpcEndpointServiceName: z.preprocess(
    (name) => (name === '' ? undefined : name),
    xksProxyMembers.XksProxyVpcEndpointServiceName,
  ),
});

export const updateCustomKeyStore = operation(shape, async (kms, input, request) => {
  const { CustomKeyStoreId, NewCustomKeyStoreName, ...changes } = input;
  const { customKeyStoreType } = findCustomKeyStore(kms, CustomKeyStoreId, request);
  refuseMembersOfOthers(customKeyStoreType, changes);
  if (Object.values(input).filter((value) => value !== undefined).length < 2) {
    throw new KmsError('ValidationException', 'Specify at least one property of the custom key store to change.');
  }
  const update = { customKeyStoreId: CustomKeyStoreId, newName: NewCustomKeyStoreName, request };
  if (customKeyStoreType === 'AWS_CLOUDHSM') updateCloudHsmKeyStore(kms, update, changes);
  else await updateExternalKeyStore(kms, update, changes);
  return {};
});
