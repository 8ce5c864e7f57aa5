import type { FoundRecord } from '../../audit/read/queryLog.ts';
import type { AuditRecord } from '../../audit/read/recordQuery.ts';
import { escapeInvisible } from '../escapeInvisible.ts';

/**
 * Formats a record as one line, with a blank between the columns: time, log, index, operation, key, version, principal, outcome,
 * error, KMS request id. A missing value is `-`. A record of another type has its type after the index, then its members as JSON.
 */
export function describeRecord({ record, correction }: FoundRecord, log: string): string {
  const { index, type, time, ...members } = record;
  const columns = [time, log, index].map(column).join(' ');
  if (type !== 'request') return `${columns} ${column(type)} ${escapeInvisible(JSON.stringify(members))}`;
  const { requestMetadata, operation, externalKeyId, keyVersion } = record;
  const { outcome, errorName }: AuditRecord = correction ?? record;
  return [
    columns,
    ...[operation, externalKeyId, keyVersion, requestMetadata?.['awsPrincipalArn']].map(column),
    correction ? `${column(outcome)}(corrected)` : column(outcome),
    ...[errorName, requestMetadata?.['kmsRequestId']].map(column),
  ].join(' ');
}

/** Formats a record as JSON with the name of its log, and its correction if there is one. */
export function recordAsJson({ line, correction }: FoundRecord, log: string): string {
  const added = JSON.stringify({ log, ...(correction && { correction }) });
  return `${line.slice(0, -1)},${added.slice(1)}`;
}

function column(value: unknown): string {
  if (value === undefined || value === '') return '-';
  return escapeInvisible(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(' ', '\\u0020');
}
