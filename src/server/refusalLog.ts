import { TokenBucket } from '../timing/tokenBucket.ts';
import type { Refusal } from './refusal.ts';

/** Takes one record. The methods of a pino logger fit. */
export interface RefusalRecords {
  debug(record: object, message: string): void;
  warn(record: object, message: string): void;
}

const MESSAGE = 'a connection without a request';
// A refused client may connect thousands of times a second.
const LINES = { requestsPerSecond: 5, burst: 50 };

/** Logs refused connections up to a rate. The next line says how many were `omitted`. */
export function refusalLog(log: RefusalRecords, clock: () => number): (refusal: Refusal) => void {
  const lines = new TokenBucket(LINES, clock);
  let omitted = 0;
  return ({ routine, ...record }) => {
    if (routine) {
      log.debug(record, MESSAGE);
    } else if (lines.take()) {
      log.warn(omitted > 0 ? { ...record, omitted } : record, MESSAGE);
      omitted = 0;
    } else {
      omitted += 1;
    }
  };
}
