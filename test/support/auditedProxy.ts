import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newAuditKey } from '../../src/audit/format/auditKey.ts';
import { runCommandHere } from './runCommandHere.ts';
import { ProxyFiles } from './runningProxy.ts';

export interface AuditedOptions {
  readonly server?: object;
  readonly audit?: object;
  readonly [section: string]: object | undefined;
}

/** Files of a plain-HTTP proxy with an audit log in the same folder. */
export function auditedFiles({ server, audit, ...sections }: AuditedOptions = {}): ProxyFiles {
  const files = new ProxyFiles({ tls: false });
  writeFileSync(join(files.folder, 'audit.key'), newAuditKey(), { mode: 0o600 });
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, ...server },
    audit: { directory: 'audit', origin: 'xks.example.com/proxy-1', key: { file: 'audit.key' }, ...audit },
    ...sections,
  });
  return files;
}

export function auditDirectory(files: ProxyFiles): string {
  return join(files.folder, 'audit');
}

/** Exit code and output of `xks-proxy audit verify`. */
export function verify(directory: string) {
  return runCommandHere(['audit', 'verify', directory]);
}
