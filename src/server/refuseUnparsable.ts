import type { Duplex } from 'node:stream';
import { XksError } from '../xks/errors.ts';
import type { LastRequest } from './connections.ts';

/**
 * Ends a connection on which bytes arrived that are not an HTTP request (ambiguous lengths, bad header characters), or on which
 * nothing arrived in time. Unparsable bytes are answered with ValidationException, unless the connection already has or awaits
 * another answer.
 */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Duplex, last: LastRequest | undefined): void {
  if (last?.req.complete && !last.res.writableFinished) {
    // The request before the unparsable bytes is still being processed.
    last.res.once('close', () => socket.destroy());
    return;
  }
  // For example, the proxy did not wait for the body of that request, or the body is the unparsable part.
  const answered = last !== undefined && !last.req.complete && last.res.headersSent;
  if (!error.code?.startsWith('HPE_') || !socket.writable || answered) {
    socket.destroy();
    return;
  }
  const answer = new XksError('ValidationException', 'The bytes received are not a valid HTTP request.');
  const body = JSON.stringify(answer.toBody());
  const head = `HTTP/1.1 ${answer.status} Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  // `end` closes our half only, and the client could keep its own half open forever.
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}
