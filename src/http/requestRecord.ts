import { cutText } from '../audit/format/boundedJson.ts';
import type { TrailEntry } from '../audit/trail/trailEntry.ts';
import type { DecisionRecord } from '../policy/decisionRecord.ts';
import type { RequestMetadata } from '../xks/messages/requestMetadata.ts';
import type { XksApi } from '../xks/path.ts';
import type { Answer } from './answer.ts';
import { describeFailure, type FailureRecord } from './describeFailure.ts';
import { nameOfVersion } from '../operations/externalKey.ts';
import type { Exchange } from './exchange.ts';
import { MethodNotAllowed } from './requirePost.ts';

/**
 * What the record of a request says of it. `requestMetadata` and `accessKeyId` are only there of an authenticated one; the
 * former is the client's text, the latter and `keyStore` are the configuration's.
 */
export interface RequestRecord {
  readonly requestMetadata: Readonly<Record<string, string | undefined>> | undefined;
  /** Fields of requestMetadata that are not shown, because there are too many. */
  readonly omittedMetadata?: number | undefined;
  readonly keyStore: string | undefined;
  readonly operation: XksApi | undefined;
  readonly externalKeyId: string | undefined;
  /** CKA_LABEL of the key that served, or was to serve. */
  readonly keyVersion: string | undefined;
  /** The one that the operation was given to, if it was given to any. */
  readonly keyManager: string | undefined;
  readonly accessKeyId: string | undefined;
  /** What a request that is not authenticated said, if it has the form of one. */
  readonly claimedAccessKeyId?: string | undefined;
  /** Which check of the signature failed. */
  readonly failedCheck?: string | undefined;
  /** Undefined if no policy was asked. */
  readonly policy?: DecisionRecord | undefined;
  readonly remoteAddress: string | undefined;
  readonly vpcEndpointId?: string | undefined;
  readonly clientCommonName?: string | undefined;
  /** What is about to be answered. */
  readonly outcome: 'success' | 'failure';
  readonly httpStatus: number;
  /** Undefined after success, and if the request was no POST. */
  readonly errorName?: FailureRecord['errorName'] | undefined;
  readonly errorMessage?: string | undefined;
  /** For the log only. */
  readonly detail?: string | undefined;
  /** The CDIV of the answer: it binds a ciphertext that is found in AWS to this record. */
  readonly ciphertextDataIntegrityValue?: string | undefined;
  /** Time that key managers took, waits and further attempts included. */
  readonly hsmMs?: number | undefined;
  /** From the arrival of the request until its record was made. */
  readonly durationMs: number;
}

const NO_METADATA = { requestMetadata: undefined, omittedMetadata: undefined };
const NO_FAILURE: Partial<FailureRecord> = {};

/** Spec, "Logging". It holds request metadata and outcome; never plaintext, ciphertext, a secret or a signature. */
export function requestRecord(exchange: Exchange, { status }: Answer): RequestRecord {
  const { failure, hsmMs } = exchange;
  const isUnexpected = failure !== undefined && !(failure instanceof MethodNotAllowed);
  const { errorName, errorMessage, detail } = isUnexpected ? describeFailure(failure) : NO_FAILURE;
  const { requestMetadata, omittedMetadata } = exchange.requestMetadata
    ? abridge(exchange.requestMetadata)
    : NO_METADATA;
  return {
    requestMetadata,
    omittedMetadata,
    keyStore: exchange.keyStore?.name,
    operation: exchange.api,
    externalKeyId: exchange.externalKeyId,
    keyVersion: exchange.keyVersion && nameOfVersion(exchange.keyVersion),
    keyManager: exchange.keyManager,
    accessKeyId: exchange.accessKeyId,
    claimedAccessKeyId: exchange.claimedAccessKeyId,
    failedCheck: exchange.failedCheck,
    policy: exchange.policy,
    remoteAddress: exchange.remoteAddress,
    vpcEndpointId: exchange.vpcEndpointId,
    clientCommonName: exchange.clientCommonName,
    outcome: failure === undefined ? 'success' : 'failure',
    httpStatus: status,
    errorName,
    errorMessage,
    detail,
    ciphertextDataIntegrityValue: exchange.ciphertextDataIntegrityValue,
    hsmMs: hsmMs === undefined ? undefined : toMicroseconds(hsmMs),
    durationMs: toMicroseconds(performance.now() - exchange.startedAt),
  };
}

/** Level of the request's line in the log stream. */
export function severityOf({ httpStatus }: RequestRecord): TrailEntry['record']['level'] {
  if (httpStatus >= 500) return 'error';
  return httpStatus >= 400 ? 'warn' : 'info';
}

/** Logs that a client did not take its answer. */
export function abortedRecord(record: RequestRecord, index: number | undefined, exchange: Exchange): object {
  return {
    ...(index === undefined ? {} : { index }),
    kmsRequestId: record.requestMetadata?.['kmsRequestId'],
    keyStore: record.keyStore,
    operation: record.operation,
    externalKeyId: record.externalKeyId,
    remoteAddress: record.remoteAddress,
    outcome: 'aborted',
    httpStatus: record.httpStatus,
    durationMs: toMicroseconds(performance.now() - exchange.startedAt),
  };
}

/** Milliseconds, to the microsecond. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

// A field that this version does not know may have the length of the body.
const MAX_LOGGED_CHARACTERS = 2_048;
const MAX_LOGGED_FIELDS = 50;

function abridge(metadata: RequestMetadata): Pick<RequestRecord, 'requestMetadata' | 'omittedMetadata'> {
  const fields = Object.entries(metadata);
  const isShort = fields.every(([name, text = '']) => Math.max(name.length, text.length) <= MAX_LOGGED_CHARACTERS);
  if (isShort && fields.length <= MAX_LOGGED_FIELDS) return { requestMetadata: metadata, omittedMetadata: undefined };
  const logged = fields.slice(0, MAX_LOGGED_FIELDS);
  return {
    requestMetadata: Object.fromEntries(
      logged.map(([name, text = '']) => [cutText(name, MAX_LOGGED_CHARACTERS), cutText(text, MAX_LOGGED_CHARACTERS)]),
    ),
    omittedMetadata: fields.length > logged.length ? fields.length - logged.length : undefined,
  };
}
