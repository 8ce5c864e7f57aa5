import type { ServerResponse } from 'node:http';
import { XksError } from '../xks/errors.ts';

/** An answer to a request, sent once the request is recorded. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: string;
}

export function jsonAnswer(status: number, body: object): Answer {
  const text = JSON.stringify(body);
  return {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
    body: text,
  };
}

export function errorAnswer(error: XksError): Answer {
  return jsonAnswer(error.status, error.toBody());
}

/** Spec, "API operations": 405 with the allowed methods. */
export const METHOD_NOT_ALLOWED: Answer = { status: 405, headers: { Allow: 'POST', 'Content-Length': 0 }, body: '' };

export function sendAnswer(res: ServerResponse, { status, headers, body }: Answer): void {
  // If the body is text, Node sends head and body in one write.
  res.writeHead(status, headers).end(body);
}
