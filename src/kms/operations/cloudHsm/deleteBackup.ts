import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeBackup } from './describe.ts';
import { findBackup, requireBackupState } from './find.ts';
import { backupId } from './members.ts';

// Service model, DeleteBackup: a backup can be restored up to 7 days after the request.
const WAITING_DAYS = 7;

export const deleteBackup = cloudHsmOperation(z.object({ BackupId: backupId }), (kms, { BackupId }) => {
  const backup = findBackup(kms, BackupId);
  requireBackupState(backup, 'DeleteBackup', ['READY']);
  const deleteTimestamp = kms.clock() + WAITING_DAYS * kms.dayMs;
  const deleted = { ...backup, state: 'PENDING_DELETION', deleteTimestamp } as const;
  kms.clusters.putBackup(deleted);
  return { Backup: describeBackup(kms, deleted) };
});
