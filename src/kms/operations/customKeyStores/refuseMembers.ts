import { KmsError } from '../../kmsError.ts';
import type { CustomKeyStore } from '../../state/records.ts';
import { CLOUD_HSM_MEMBERS } from './cloudHsmMembers.ts';
import { xksProxyMembers } from './xksProxyMembers.ts';

type Kind = CustomKeyStore['customKeyStoreType'];

const MEMBERS: Readonly<Record<Kind, readonly string[]>> = {
  AWS_CLOUDHSM: CLOUD_HSM_MEMBERS,
  EXTERNAL_KEY_STORE: Object.keys(xksProxyMembers),
};

/** Throws ValidationException if the input has a member that only key stores of the other type have. */
export function refuseMembersOfOthers(type: Kind, input: object): void {
  const other = type === 'AWS_CLOUDHSM' ? 'EXTERNAL_KEY_STORE' : 'AWS_CLOUDHSM';
  const given = MEMBERS[other].filter((name) => (input as Readonly<Record<string, unknown>>)[name] !== undefined);
  if (given.length === 0) return;
  throw new KmsError(
    'ValidationException',
    `${given.join(', ')}: valid only for custom key stores with a CustomKeyStoreType of ${other}. The type of this one is ${type}.`,
  );
}
