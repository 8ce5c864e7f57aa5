import { z } from 'zod';
import { newCloudHsmId, newEc2Id } from '../../clusters/newId.ts';
import { freeAddresses } from '../../clusters/freeAddresses.ts';
import { holds, nextAddress, type Subnet } from '../../clusters/subnet.ts';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import type { Cluster, Hsm } from '../../state/clusterRecords.ts';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { describeHsm } from './describe.ts';
import { findCluster, requireClusterState } from './find.ts';
import * as member from './members.ts';

const shape = z.object({
  ClusterId: member.clusterId,
  AvailabilityZone: member.availabilityZone,
  IpAddress: member.ipAddress.optional(),
});

// AWS CloudHSM User Guide, "Quotas": a maximum that cannot be raised.
const MOST_HSMS = 28;

export const createHsm = cloudHsmOperation(shape, (kms, { ClusterId, AvailabilityZone, IpAddress }) => {
  const cluster = findCluster(kms, ClusterId);
  requireClusterState(cluster, 'CreateHsm', ['UNINITIALIZED', 'INITIALIZED', 'ACTIVE']);
  if (kms.state.hsms.list({ clusterId: ClusterId }).length >= MOST_HSMS) {
    throw new KmsError('CloudHsmServiceException', `A cluster has at most ${MOST_HSMS} HSMs.`);
  }
  const subnet = subnetIn(kms, cluster, AvailabilityZone);
  const hsm: Hsm = {
    hsmId: newCloudHsmId('hsm'),
    clusterId: ClusterId,
    createTimestamp: kms.clock(),
    state: 'CREATE_IN_PROGRESS',
    availabilityZone: AvailabilityZone,
    subnetId: subnet.subnetId,
    eniId: newEc2Id('eni'),
    eniIp: addressIn(kms, subnet, IpAddress),
  };
  kms.clusters.putHsm(hsm);
  return { Hsm: describeHsm(kms, hsm) };
});

function subnetIn(kms: LocalKms, { clusterId, subnetMapping }: Cluster, availabilityZone: string): Subnet {
  const id = Object.hasOwn(subnetMapping, availabilityZone) ? subnetMapping[availabilityZone] : undefined;
  if (id === undefined) {
    const zones = Object.keys(subnetMapping).join(', ');
    throw invalidRequest(
      `Cluster ${clusterId} has no subnet in ${availabilityZone}. Its Availability Zones are ${zones}.`,
    );
  }
  const subnet = kms.subnets.find(({ subnetId }) => subnetId === id);
  if (subnet) return subnet;
  throw invalidRequest(`The subnet ${id} of cluster ${clusterId} was deleted.`);
}

function addressIn(kms: LocalKms, subnet: Subnet, wanted: string | undefined): string {
  const hsms = kms.state.hsms.list();
  const { subnetId } = subnet;
  if (freeAddresses(kms.state, subnet) <= 0) throw invalidRequest(`The subnet ${subnetId} has no free IP address.`);
  if (wanted === undefined) return nextAddress(subnet, hsms);
  if (!holds(subnet, wanted)) throw invalidRequest(`${wanted} is not an address for HSMs in the subnet ${subnetId}.`);
  if (hsms.some((hsm) => hsm.subnetId === subnetId && hsm.eniIp === wanted)) {
    throw invalidRequest(`The address ${wanted} is taken.`);
  }
  return wanted;
}
