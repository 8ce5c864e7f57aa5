import { Command } from 'commander';
import { auditExportCommand } from './audit/export.ts';
import { auditKeyCommand } from './audit/key.ts';
import { auditProveCommand } from './audit/prove.ts';
import { auditPruneCommand } from './audit/prune.ts';
import { auditQueryCommand } from './audit/query.ts';
import { auditVerifyCommand } from './audit/verify.ts';
import type { Cli } from './cli.ts';

/** `xks-proxy audit key|verify|prove|query|export|prune`. */
export function auditCommand(cli: Cli): Command {
  return new Command('audit')
    .description('the audit log: its key, its verification, and its records')
    .addCommand(auditKeyCommand(cli))
    .addCommand(auditVerifyCommand(cli))
    .addCommand(auditProveCommand(cli))
    .addCommand(auditQueryCommand(cli))
    .addCommand(auditExportCommand(cli))
    .addCommand(auditPruneCommand(cli));
}
