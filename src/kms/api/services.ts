import { CLOUD_HSM_SHOWN_MEMBERS } from '../events/cloudHsmShownMembers.ts';
import { KMS_SHOWN_MEMBERS } from '../events/kmsShownMembers.ts';
import type { Operation } from '../operations/operation.ts';
import { CLOUD_HSM_OPERATION_NAMES } from './cloudHsmOperationNames.ts';
import { KMS_OPERATION_NAMES } from './kmsOperationNames.ts';
import type { Service } from './service.ts';

type Operations = Readonly<Record<string, Operation>>;

/** Returns the AWS services that the local KMS emulates, with their operations by name. Source: the service models, `metadata`. */
export function servicesWith({
  kms,
  cloudHsm,
}: {
  readonly kms: Operations;
  readonly cloudHsm: Operations;
}): Service[] {
  return [
    {
      name: 'KMS',
      signingName: 'kms',
      targetPrefix: 'TrentService',
      operationNames: KMS_OPERATION_NAMES,
      operations: kms,
      shownMembers: KMS_SHOWN_MEMBERS,
      internalFailure: 'KMSInternalException',
    },
    {
      name: 'CloudHSM',
      signingName: 'cloudhsm',
      targetPrefix: 'BaldrApiService',
      operationNames: CLOUD_HSM_OPERATION_NAMES,
      operations: cloudHsm,
      shownMembers: CLOUD_HSM_SHOWN_MEMBERS,
      internalFailure: 'CloudHsmInternalFailureException',
    },
  ];
}
