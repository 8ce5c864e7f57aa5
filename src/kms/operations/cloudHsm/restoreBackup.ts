import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeBackup } from './describe.ts';
import { findBackup, requireBackupState } from './find.ts';
import { backupId } from './members.ts';

export const restoreBackup = cloudHsmOperation(z.object({ BackupId: backupId }), (kms, { BackupId }) => {
  const backup = findBackup(kms, BackupId);
  requireBackupState(backup, 'RestoreBackup', ['PENDING_DELETION']);
  const restored = { ...backup, state: 'READY', deleteTimestamp: undefined } as const;
  kms.clusters.putBackup(restored);
  return { Backup: describeBackup(kms, restored) };
});
