import type { Response } from 'express';
import type { TrailEntry } from '../audit/trail/trailEntry.ts';
import { XksError } from '../xks/errors.ts';
import { errorAnswer, sendAnswer, type Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { abortedRecord, requestRecord, severityOf, type RequestRecord } from './requestRecord.ts';

/** Takes records, and lets an answer go when its record is written. */
export interface RequestTrail {
  record(entry: TrailEntry): void;
  /** Takes an unauthenticated request. Beyond a rate, such requests share a record. Returns whether this request has its own. */
  recordUnauthenticated(entry: TrailEntry): boolean;
}

/** Takes one line of the log. The methods of a pino logger fit. */
export interface AbortLog {
  warn(record: object, message: string): void;
}

/** A request that has ended, with its outcome. */
export interface EndedRequest extends Omit<RequestRecord, 'outcome' | 'durationMs'> {
  /** `aborted`: the client did not take the answer. */
  readonly outcome: 'success' | 'failure' | 'aborted';
  /** From the arrival of the request to the end of its answer. */
  readonly durationMs: number;
}

/** Called with each request that has ended. */
export type RequestObserver = (request: EndedRequest) => void;

/** Records a request and then sends its answer, so that no answer leaves without a record. Spec, "Logging". */
export function respondWith(
  trail: RequestTrail,
  log: AbortLog,
  observe?: RequestObserver,
): (exchange: Exchange, res: Response, answer: Answer) => void {
  return (exchange, res, answer) => {
    exchange.isConcluded = true;
    let record = requestRecord(exchange, answer);
    let index: number | undefined;
    let hasOwnRecord = true;

    const conclude = (sent: Answer): void => {
      if (!res.destroyed) {
        res.once('close', end);
        sendAnswer(res, sent);
      } else end();
    };
    const end = (): void => {
      const isAborted = !res.writableFinished;
      if (isAborted && hasOwnRecord) log.warn(abortedRecord(record, index, exchange), 'aborted');
      const durationMs = performance.now() - exchange.startedAt;
      observe?.({ ...record, outcome: isAborted ? 'aborted' : record.outcome, durationMs });
      exchange.onEnd();
    };

    const entry: TrailEntry = {
      record: {
        type: 'request',
        time: new Date().toISOString(),
        level: severityOf(record),
        members: record,
      },
      arrivedAt: exchange.startedAt,
      onWritten: (written) => {
        index = written;
        conclude(answer);
      },
      onLate: () => {
        exchange.failure = new XksError('InternalException', 'The proxy cannot record requests now.');
        const refusal = errorAnswer(exchange.failure as XksError);
        record = requestRecord(exchange, refusal);
        conclude(refusal);
        return record;
      },
    };
    if (exchange.accessKeyId === undefined) hasOwnRecord = trail.recordUnauthenticated(entry);
    else trail.record(entry);
  };
}
