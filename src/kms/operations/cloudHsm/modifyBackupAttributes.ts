import { z } from 'zod';
import { cloudHsmOperation } from './cloudHsmOperation.ts';
import { describeBackup } from './describe.ts';
import { findBackup, requireBackupState } from './find.ts';
import { backupId } from './members.ts';

const shape = z.object({ BackupId: backupId, NeverExpires: z.boolean() });

export const modifyBackupAttributes = cloudHsmOperation(shape, (kms, { BackupId, NeverExpires }) => {
  const backup = findBackup(kms, BackupId);
  requireBackupState(backup, 'ModifyBackupAttributes', ['READY']);
  const modified = { ...backup, neverExpires: NeverExpires };
  kms.state.backups.put(modified);
  return { Backup: describeBackup(kms, modified) };
});
