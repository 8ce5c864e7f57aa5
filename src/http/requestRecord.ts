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
 * The record of a request. Only authenticated requests have `requestMetadata` and `accessKeyId`. `requestMetadata` is text from
 * the client; `accessKeyId` and `keyStore` come from the configuration.
 */
export interface RequestRecord {
  readonly requestMetadata: Readonly<Record<string, string | undefined>> | undefined;
  /** Number of requestMetadata fields that are not shown, because there are too many. */
  readonly omittedMetadata?: number | undefined;
  readonly keyStore: string | undefined;
  readonly operation: XksApi | undefined;
  readonly externalKeyId: string | undefined;
  /** CKA_LABEL of the key version that the operation uses. */
  readonly keyVersion: string | undefined;
  /** Name of the key manager that got the operation, if one did. */
  readonly keyManager: string | undefined;
  readonly accessKeyId: string | undefined;
  /** The access key id that an unauthenticated request claims, if it has the form of one. */
  readonly claimedAccessKeyId?: string | undefined;
  /** The check of the signature that failed. */
  readonly failedCheck?: string | undefined;
  /** Undefined if no policy was evaluated. */
  readonly policy?: DecisionRecord | undefined;
  readonly remoteAddress: string | undefined;
  readonly vpcEndpointId?: string | undefined;
  readonly clientCommonName?: string | undefined;
  /** The outcome of the answer that is about to be sent. */
  readonly outcome: 'success' | 'failure';
  readonly httpStatus: number;
  /** Undefined after success, and if the request was not a POST. */
  readonly errorName?: FailureRecord['errorName'] | undefined;
  readonly errorMessage?: string | undefined;
  /** For the log only. */
  readonly detail?: string | undefined;
  /** The CDIV of the answer. It links a ciphertext found in AWS to this record. */
  readonly ciphertextDataIntegrityValue?: string | undefined;
  /** Milliseconds that key managers took, including waits and further attempts. */
  readonly hsmMs?: number | undefined;
  /** Milliseconds from the arrival of the request until its record was made. */
  readonly durationMs: number;
}

const NO_METADATA = { requestMetadata: undefined, omittedMetadata: undefined };
const NO_FAILURE: Partial<FailureRecord> = {};

/**
 * Makes the record of a request. Spec, "Logging". It holds request metadata and outcome, but never plaintext, ciphertext, a
 * secret or a signature.
 */
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

/** Returns the level of the request's line in the log stream. */
export function severityOf({ httpStatus }: RequestRecord): TrailEntry['record']['level'] {
  if (httpStatus >= 500) return 'error';
  return httpStatus >= 400 ? 'warn' : 'info';
}

/** Makes a log line which says that a client did not take its answer. */
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

/** Rounds milliseconds to the microsecond. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

// A field unknown to this version can be as long as the body.
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
