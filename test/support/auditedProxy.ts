import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newAuditKey } from '../../src/audit/auditKey.ts';
import type { LogRecord } from './processLog.ts';
import { ProxyFiles, runCommand } from './runningProxy.ts';

export interface AuditedOptions {
  readonly server?: object;
  readonly audit?: object;
  readonly [section: string]: object | undefined;
}

/** Files of a proxy with an audit log in their folder; plain HTTP. */
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

/** The records of all logs of a directory, in whole lines; those set aside too. */
export function auditRecords(directory: string): LogRecord[] {
  return readdirSync(directory).flatMap((slot) =>
    readdirSync(join(directory, slot))
      .filter((name) => name.endsWith('.ndjson'))
      .flatMap((name) => recordsOf(readFileSync(join(directory, slot, name), 'utf8'))),
  );
}

/** JSON lines; a last one without its end is left out. */
export function recordsOf(text: string): LogRecord[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogRecord);
}

/** kmsRequestIds of the requests that records, or lines of the log, say to have been answered with success. */
export function recordedSuccesses(records: readonly LogRecord[]): Set<string> {
  const successes = records.filter(({ outcome, httpStatus }) => outcome === 'success' && httpStatus === 200);
  return new Set(successes.map(({ requestMetadata }) => (requestMetadata as { kmsRequestId: string }).kmsRequestId));
}

export function missingFrom(records: readonly LogRecord[], answered: readonly string[]): string[] {
  const recorded = recordedSuccesses(records);
  return answered.filter((id) => !recorded.has(id));
}

/** Exit code of `xks-proxy audit verify`, with what it says. */
export function verify(directory: string) {
  return runCommand(['audit', 'verify', directory], { PATH: process.env['PATH'] });
}
