import { z } from 'zod';
import type { Backup } from '../../state/clusterRecords.ts';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeBackup } from './describe.ts';
import * as member from './members.ts';
import { pageOf, select, timeKey, type Filter } from './selection.ts';

const MOST = 50;
const shape = z.object({
  Filters: member.filters.optional(),
  NextToken: member.nextToken.optional(),
  MaxResults: z.int().min(1).max(MOST).optional(),
  Shared: z.boolean().optional(),
  SortAscending: z.boolean().optional(),
});

const STATES = z.enum(['CREATE_IN_PROGRESS', 'READY', 'DELETED', 'PENDING_DELETION']);
const FILTERS: Readonly<Record<string, Filter<Backup>>> = {
  backupIds: { values: member.backupId, valueOf: ({ backupId }) => backupId },
  // Only copies from another Region have a source, and the local KMS has no such copies.
  sourceBackupIds: { values: member.backupId, valueOf: () => undefined },
  clusterIds: { values: member.clusterId, valueOf: ({ clusterId }) => clusterId },
  states: { values: STATES, valueOf: ({ state }) => state },
  neverExpires: { values: z.enum(['true', 'false']), valueOf: ({ neverExpires }) => String(neverExpires) },
};

/** Lists backups, the newest first by default. There is only one account, so no backup is shared with it. */
export const describeBackups = cloudHsmOperation(shape, (kms, input) => {
  const backups = input.Shared === true ? [] : kms.state.backups.list();
  const wanted = select(backups, input.Filters ?? {}, FILTERS);
  const keyOf = ({ createTimestamp, backupId }: Backup) => timeKey(createTimestamp, backupId);
  const { page, ...rest } = pageOf(wanted, input, MOST, { keyOf, descending: input.SortAscending !== true });
  return { Backups: page.map((backup) => describeBackup(kms, backup)), ...rest };
});
