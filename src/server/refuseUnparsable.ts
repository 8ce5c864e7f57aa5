import type { Duplex } from 'node:stream';
import { XksError } from '../xks/errors.ts';
import type { LastRequest } from './connections.ts';

/**
 * Ends a connection on which something arrived that is no HTTP request (ambiguous lengths, bad header characters), or nothing
 * in time. The former is answered with ValidationException, unless the connection already has or awaits another answer.
 */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Duplex, last: LastRequest | undefined): void {
  if (last?.req.complete && !last.res.writableFinished) {
    // What came before the unparsable bytes is still being worked on.
    last.res.once('close', () => socket.destroy());
    return;
  }
  // Such as of a request whose body was not waited for, or is what cannot be parsed.
  const answered = last !== undefined && !last.req.complete && last.res.headersSent;
  if (!error.code?.startsWith('HPE_') || !socket.writable || answered) {
    socket.destroy();
    return;
  }
  const answer = new XksError('ValidationException', 'The bytes received are not a valid HTTP request.');
  const body = JSON.stringify(answer.toBody());
  const head = `HTTP/1.1 ${answer.status} Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  // Ending it closes our half only; the other side might keep its own open for ever.
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}
