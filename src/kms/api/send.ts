import type { ServerResponse } from 'node:http';
import type { KmsError } from '../kmsError.ts';
import type { Output } from '../operations/operation.ts';
import { toJson } from './toJson.ts';

/** An answer that is ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly errorType?: string;
  readonly text: string;
}

export function outputAnswer(output: Output): Answer {
  return { status: 200, text: output === undefined ? '' : toJson(output) };
}

export function errorAnswer({ status, errorName, message }: KmsError): Answer {
  return { status, errorType: errorName, text: toJson({ __type: errorName, ...(message && { message }) }) };
}

export function send(res: ServerResponse, { status, errorType, text }: Answer): void {
  if (errorType !== undefined) res.setHeader('x-amzn-ErrorType', errorType);
  const headers = { 'Content-Type': 'application/x-amz-json-1.1', 'Content-Length': Buffer.byteLength(text) };
  res.writeHead(status, headers).end(text);
}
