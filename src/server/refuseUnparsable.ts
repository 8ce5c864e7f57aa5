import type { Duplex } from 'node:stream';
import { XksError } from '../xks/errors.ts';

/**
 * Answers bytes that are not an HTTP request (ambiguous lengths, bad header characters, too many or too slow headers)
 * with the contract's ValidationException, and closes the connection.
 */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Nothing else is answered: it is a connection that is gone, or a TLS handshake that failed or takes too long. Node leaves
  // it to this listener to close that one.
  const isOfHttp = /^(HPE|ERR_HTTP)_/.test(error.code ?? '');
  if (!isOfHttp || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = new XksError('ValidationException', 'The bytes received are not a valid HTTP request.');
  const body = JSON.stringify(answer.toBody());
  socket.end(
    `HTTP/1.1 ${answer.status} Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
