import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { LogWriter, type LogOptions } from '../../src/audit/log/logWriter.ts';

export const ORIGIN = 'xks.example.com/proxy-1';

/** A new Ed25519 key that signs checkpoints. */
export function newSigningKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** Opens a log in `directory` with the real writer, for slot main, without sync and with a stopped clock. */
export function openLog(directory: string, options: Partial<LogOptions> = {}): LogWriter {
  return LogWriter.open({
    directory,
    slot: 'main',
    origin: ORIGIN,
    privateKey: newSigningKey(),
    sync: 'never',
    segmentRecords: 250_000,
    clock: () => Date.parse('2026-11-26T19:00:00.000Z'),
    about: {},
    ...options,
  });
}

/** Appends records, which are JSON objects with type first. Throws unless all are accepted. Signs nothing. */
export function appendAll(log: LogWriter, records: readonly object[]): void {
  const { failure } = log.append(records.map((record) => JSON.stringify(record)));
  if (failure) throw failure;
}

export interface RecordMembers {
  readonly type?: string;
  readonly time?: string;
  readonly requestMetadata?: object;
  readonly [member: string]: unknown;
}

/** The record of a successful Encrypt without its index. The given members replace its own. */
export function requestRecord({
  type = 'request',
  time = '2026-11-26T19:00:00.000Z',
  ...members
}: RecordMembers = {}): object {
  const { requestMetadata, ...others } = members;
  return {
    type,
    time,
    requestMetadata: {
      awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      kmsOperation: 'Encrypt',
      kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
      ...requestMetadata,
    },
    keyStore: 'example',
    operation: 'Encrypt',
    externalKeyId: 'foo',
    keyVersion: 'foo',
    keyManager: 'softhsm',
    accessKeyId: 'BETWEEN2TAND3TCHARACTERS',
    remoteAddress: '127.0.0.1',
    outcome: 'success',
    httpStatus: 200,
    ciphertextDataIntegrityValue: 'qHA/ImC9h5HsCRqCyPmWgYx7tzyoTplzILbP0fPXsMc=',
    hsmMs: 0.2,
    durationMs: 0.9,
    ...others,
  };
}

/** Appends this number of records, no two the same, and signs after each ten, or after each `each`. */
export async function appendSigned(log: LogWriter, records: number, each = 10): Promise<void> {
  for (let left = records; left > 0; left -= each) {
    const { size } = log;
    const batch = Array.from({ length: Math.min(each, left) }, (_, place) =>
      requestRecord({ durationMs: size + place }),
    );
    appendAll(log, batch);
    await log.checkpoint();
  }
}

/** Makes a log with this number of records, all signed by the newest checkpoint. Returns its folder. */
export async function logOfSize(
  directory: string,
  records: number,
  options: Partial<LogOptions> = {},
): Promise<string> {
  const log = openLog(directory, options);
  const time = '2026-11-26T19:00:00.000Z';
  appendAll(
    log,
    // The writer begins with a record of its own.
    Array.from({ length: records - 1 }, (_, index) => ({ type: 'heartbeat', time, text: 'ä'.repeat(index % 40) })),
  );
  await log.checkpoint();
  log.abandon();
  return join(directory, options.slot ?? 'main');
}
