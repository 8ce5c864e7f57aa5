import type { ServerResponse } from 'node:http';
import { XksError } from '../xks/errors.ts';

/**
 * Answers a request that is not processed, and ends its connection. A 400 is a ValidationException with `reason` as its message.
 */
export function refuseRequest(res: ServerResponse, status: 400 | 417, reason: string): void {
  const body = status === 400 ? JSON.stringify(new XksError('ValidationException', reason).toBody()) : '';
  const headers = { Connection: 'close', 'Content-Length': body.length };
  res.writeHead(status, body === '' ? headers : { ...headers, 'Content-Type': 'application/json' }).end(body);
}
