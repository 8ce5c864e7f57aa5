import { z } from 'zod';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { findCluster, notFound } from './find.ts';
import * as member from './members.ts';

const shape = z.object({
  ClusterId: member.clusterId,
  HsmId: member.hsmId.optional(),
  EniId: member.eniId.optional(),
  EniIp: member.ipAddress.optional(),
});

export const deleteHsm = cloudHsmOperation(shape, (kms, { ClusterId, HsmId, EniId, EniIp }) => {
  const { clusterId } = findCluster(kms, ClusterId);
  if ([HsmId, EniId, EniIp].every((id) => id === undefined)) throw invalidRequest('Specify HsmId, EniId or EniIp.');
  const hsm = kms.state.hsms
    .list({ clusterId })
    .find((each) => isOrUnset(HsmId, each.hsmId) && isOrUnset(EniId, each.eniId) && isOrUnset(EniIp, each.eniIp));
  if (!hsm) throw notFound(`Cluster ${clusterId} has no such HSM.`);
  if (hsm.state === 'DELETE_IN_PROGRESS') throw invalidRequest(`HSM ${hsm.hsmId} is already being deleted.`);
  kms.clusters.putHsm({ ...hsm, state: 'DELETE_IN_PROGRESS' });
  return { HsmId: hsm.hsmId };
});

function isOrUnset(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value;
}
