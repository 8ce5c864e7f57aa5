import { keyArn, type Identity } from '../../arn.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Grant } from '../../state/grantRecord.ts';
import type { GrantFilter } from '../../state/grantTable.ts';
import { pageAfter, type PageRequest } from '../paginate.ts';
import type { Output } from '../operation.ts';

/** Returns a page of the grants that a filter selects, in the form of ListGrants and ListRetirableGrants. Throws InvalidMarkerException. */
export function grantList({ identity, state }: LocalKms, filter: GrantFilter, input: PageRequest): Output {
  const read = (after: string, count: number): Grant[] => state.grants.page(filter, after, count);
  const { page, ...rest } = pageAfter(read, input, ({ grantId }) => grantId);
  return { Grants: page.map((grant) => entryOf(identity, grant)), ...rest };
}

function entryOf(identity: Identity, grant: Grant): Readonly<Record<string, unknown>> {
  return {
    KeyId: keyArn(identity, grant.keyId),
    GrantId: grant.grantId,
    Name: grant.name ?? '',
    CreationDate: new Date(grant.creationDate),
    GranteePrincipal: grant.granteePrincipal,
    ...(grant.retiringPrincipal !== undefined && { RetiringPrincipal: grant.retiringPrincipal }),
    IssuingAccount: grant.issuingAccount,
    Operations: grant.operations,
    ...(Object.keys(grant.constraints).length > 0 && { Constraints: grant.constraints }),
  };
}
