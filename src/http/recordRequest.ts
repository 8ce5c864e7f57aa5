import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { DecisionRecord } from '../policy/decisionRecord.ts';
import type { RequestMetadata } from '../xks/messages/requestMetadata.ts';
import type { XksApi } from '../xks/path.ts';
import { describeFailure, type FailureRecord } from './describeFailure.ts';
import type { Client, Exchange } from './exchange.ts';
import { MethodNotAllowed } from './requirePost.ts';

/** Takes one record of a request; pino's methods fit. */
export interface RequestLog {
  info(record: object, message: string): void;
  warn(record: object, message: string): void;
  error(record: object, message: string): void;
}

/**
 * What is known of a request that has ended. `requestMetadata` and `accessKeyId` are only there of an authenticated one;
 * the former is the client's text, the latter and `keyStore` are the configuration's.
 */
export interface RequestRecord extends Partial<FailureRecord> {
  readonly requestMetadata: Readonly<Record<string, string>> | undefined;
  readonly keyStore: string | undefined;
  readonly operation: XksApi | undefined;
  readonly externalKeyId: string | undefined;
  /** The one that the operation was given to, if it was given to any. */
  readonly keyManager: string | undefined;
  readonly accessKeyId: string | undefined;
  /** Undefined if no policy was asked. */
  readonly policy?: DecisionRecord | undefined;
  readonly remoteAddress: string | undefined;
  readonly vpcEndpointId?: string | undefined;
  readonly clientCommonName?: string | undefined;
  readonly outcome: 'success' | 'failure' | 'aborted';
  /** Undefined if there was no answer. */
  readonly httpStatus: number | undefined;
  readonly durationMs: number;
}

/** Told of each request when it has ended. */
export type RequestObserver = (record: RequestRecord) => void;

/**
 * Opens the exchange and, when the connection is done with the response, logs its one record. Spec, "Logging".
 * The record holds request metadata and outcome; never plaintext, ciphertext, a secret or a signature.
 */
export function recordRequest(
  log: RequestLog,
  clientOf: (req: IncomingMessage) => Client,
  observe?: RequestObserver,
): RequestHandler {
  return (req, res, next) => {
    const exchange: Exchange = { ...clientOf(req), startedAt: performance.now() };
    (res.locals as { exchange: Exchange }).exchange = exchange;
    res.once('close', () => {
      const record = toRecord(exchange, res);
      log[severity(res)](record, 'request');
      observe?.(record);
    });
    next();
  };
}

function severity(res: Response): 'info' | 'warn' | 'error' {
  if (res.statusCode >= 500) return 'error';
  return res.statusCode >= 400 || !res.writableFinished ? 'warn' : 'info';
}

function toRecord(exchange: Exchange, res: Response): RequestRecord {
  const { failure } = exchange;
  return {
    requestMetadata: abridge(exchange.requestMetadata),
    keyStore: exchange.keyStore?.name,
    operation: exchange.api,
    externalKeyId: exchange.externalKeyId,
    keyManager: exchange.keyManager,
    accessKeyId: exchange.accessKeyId,
    policy: exchange.policy,
    remoteAddress: exchange.remoteAddress,
    vpcEndpointId: exchange.vpcEndpointId,
    clientCommonName: exchange.clientCommonName,
    outcome: outcome(failure, res),
    httpStatus: res.headersSent ? res.statusCode : undefined,
    ...(failure === undefined || failure instanceof MethodNotAllowed ? {} : describeFailure(failure)),
    // Milliseconds, to the microsecond.
    durationMs: Math.round((performance.now() - exchange.startedAt) * 1000) / 1000,
  };
}

function outcome(failure: unknown, res: Response): RequestRecord['outcome'] {
  if (!res.writableFinished) return 'aborted';
  return failure === undefined ? 'success' : 'failure';
}

// Fields that this version does not know may be as long as the body.
const MAX_LOGGED_CHARACTERS = 2_048;
const MAX_LOGGED_FIELDS = 50;

function abridge(metadata: RequestMetadata | undefined): RequestRecord['requestMetadata'] {
  if (!metadata) return undefined;
  const fields = Object.entries(metadata).slice(0, MAX_LOGGED_FIELDS);
  return Object.fromEntries(fields.map(([name, text = '']) => [cut(name), cut(text)]));
}

function cut(text: string): string {
  return text.length <= MAX_LOGGED_CHARACTERS ? text : `${text.slice(0, MAX_LOGGED_CHARACTERS)}...`;
}
