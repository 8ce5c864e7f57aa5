import { z } from 'zod';
import type { Cluster } from '../../state/clusterRecords.ts';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeCluster } from './describe.ts';
import * as member from './members.ts';
import { pageOf, select, timeKey, type Filter } from './selection.ts';

const MOST = 25;
const shape = z.object({
  Filters: member.filters.optional(),
  NextToken: member.nextToken.optional(),
  MaxResults: z.int().min(1).max(MOST).optional(),
});

// All states of the service model. A local cluster is never in the last three.
const STATES = z.enum([
  'CREATE_IN_PROGRESS',
  'UNINITIALIZED',
  'INITIALIZE_IN_PROGRESS',
  'INITIALIZED',
  'ACTIVE',
  'MODIFY_IN_PROGRESS',
  'DELETE_IN_PROGRESS',
  'DELETED',
  'UPDATE_IN_PROGRESS',
  'ROLLBACK_IN_PROGRESS',
  'DEGRADED',
]);
const FILTERS: Readonly<Record<string, Filter<Cluster>>> = {
  clusterIds: { values: member.clusterId, valueOf: ({ clusterId }) => clusterId },
  vpcIds: { values: member.vpcId, valueOf: ({ vpcId }) => vpcId },
  states: { values: STATES, valueOf: ({ state }) => state },
};

export const describeClusters = cloudHsmOperation(shape, (kms, input) => {
  const wanted = select(kms.state.clusters.list(), input.Filters ?? {}, FILTERS);
  const keyOf = ({ createTimestamp, clusterId }: Cluster) => timeKey(createTimestamp, clusterId);
  const { page, ...rest } = pageOf(wanted, input, MOST, { keyOf });
  return { Clusters: page.map((cluster) => describeCluster(kms, cluster)), ...rest };
});
