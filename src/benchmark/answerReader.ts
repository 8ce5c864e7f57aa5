/** An answer to one request of the load. */
export interface RawAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** Whether the server ends the connection after it. */
  readonly closes: boolean;
}

const MAX_HEAD_BYTES = 65_536;
const MAX_BODY_BYTES = 1_048_576;
const EMPTY = Buffer.alloc(0);

/**
 * Reads answers from the bytes of a connection, one at a time. It does far less than Node's client, which takes several times the CPU
 * time for each request, so that the load generator leaves the machine to the proxy.
 */
export class AnswerReader {
  #bytes: Buffer = EMPTY;

  /** Returns the answer when it is complete. Throws an Error if it is not HTTP/1.1, or too large. */
  push(chunk: Buffer): RawAnswer | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    return this.#read(false);
  }

  /** Returns the answer that the end of the connection completes, if there is one. */
  end(): RawAnswer | undefined {
    return this.#bytes.length === 0 ? undefined : this.#read(true);
  }

  #read(isEnd: boolean): RawAnswer | undefined {
    const headEnd = this.#bytes.indexOf('\r\n\r\n');
    if ((headEnd < 0 ? this.#bytes.length : headEnd) > MAX_HEAD_BYTES)
      throw new Error('an answer with a head of 64 KiB');
    if (headEnd < 0) return undefined;
    const head = this.#bytes.toString('latin1', 0, headEnd);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new Error('an answer that is not HTTP/1.1');
    const rest = this.#bytes.subarray(headEnd + 4);
    if (status < 200) {
      this.#bytes = rest;
      return this.#read(isEnd);
    }
    const body = readBody(head, rest, isEnd);
    if ((body ?? rest).length > MAX_BODY_BYTES) throw new Error('an answer of more than 1 MiB');
    if (!body) return undefined;
    this.#bytes = EMPTY;
    return { status, body, closes: isEnd || /\r\nconnection:[ \t]*close/i.test(head) };
  }
}

/** Returns the body, or undefined until it is complete. */
function readBody(head: string, rest: Buffer, isEnd: boolean): Buffer | undefined {
  if (/\r\ntransfer-encoding:[ \t]*chunked/i.test(head)) return readChunks(rest);
  const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1];
  if (length === undefined) return isEnd ? rest : undefined;
  if (Number(length) > MAX_BODY_BYTES) throw new Error('an answer of more than 1 MiB');
  return rest.length < Number(length) ? undefined : rest.subarray(0, Number(length));
}

function readChunks(rest: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let from = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', from);
    if (lineEnd < 0) return undefined;
    const size = /^[0-9a-f]{1,8}(?=$|[ \t;])/i.exec(rest.toString('latin1', from, lineEnd))?.[0];
    if (size === undefined) throw new Error('an answer with a wrong chunk');
    const length = parseInt(size, 16);
    const start = lineEnd + 2;
    // Trailers end with an empty line, which may be the only one.
    if (length === 0) return rest.indexOf('\r\n\r\n', lineEnd) < 0 ? undefined : Buffer.concat(chunks);
    if (rest.length < start + length + 2) return undefined;
    chunks.push(rest.subarray(start, start + length));
    from = start + length + 2;
  }
}
