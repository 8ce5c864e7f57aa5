import type { IncomingMessage } from 'node:http';

/** Thrown for a request body that cannot be received as it is. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly reason: 'too large' | 'encoded' | 'ended early';

  constructor(reason: BodyRefused['reason']) {
    super(`the request body is refused: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Receives the bytes of a request body of at most `maxBytes`, whatever its Content-Type. Throws BodyRefused. Nothing is inflated, so
 * a Content-Encoding is refused. A body that is refused is read to its end first and dropped: a client that is still sending would
 * not read the answer.
 */
export function receiveBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { 'content-encoding': encoding = 'identity' } = req.headers;
    let refusal: BodyRefused['reason'] | undefined = encoding.toLowerCase() === 'identity' ? undefined : 'encoded';
    let chunks: Buffer[] = [];
    let received = 0;
    req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > maxBytes) refusal ??= 'too large';
      if (refusal === undefined) chunks.push(chunk);
      else chunks = [];
    });
    const leave = (): void => {
      reject(new BodyRefused(refusal ?? 'ended early'));
    };
    req.once('close', leave);
    req.once('end', () => {
      // Every request ends with `close`, and an Error for each would cost as much CPU as verifying a signature.
      req.off('close', leave);
      if (refusal !== undefined) reject(new BodyRefused(refusal));
      else resolve(chunks[0] && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
  });
}
