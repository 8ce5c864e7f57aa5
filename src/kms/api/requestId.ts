import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const HEADER = 'x-amzn-RequestId';

/** Gives an answer its request id. Every answer has one, even if the request is not a call of the API. */
export function assignRequestId(res: ServerResponse): void {
  res.setHeader(HEADER, randomUUID());
}

export function requestIdOf(res: ServerResponse): string {
  return String(res.getHeader(HEADER));
}
