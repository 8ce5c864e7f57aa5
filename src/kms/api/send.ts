import type { ServerResponse } from 'node:http';
import type { KmsError } from '../kmsError.ts';
import type { Output } from '../operations/operation.ts';
import { toJson } from './toJson.ts';

export function sendOutput(res: ServerResponse, output: Output): void {
  send(res, 200, output === undefined ? '' : toJson(output));
}

export function sendError(res: ServerResponse, { status, errorName, message }: KmsError): void {
  res.setHeader('x-amzn-ErrorType', errorName);
  send(res, status, toJson({ __type: errorName, message }));
}

function send(res: ServerResponse, status: number, text: string): void {
  const headers = { 'Content-Type': 'application/x-amz-json-1.1', 'Content-Length': Buffer.byteLength(text) };
  res.writeHead(status, headers).end(text);
}
