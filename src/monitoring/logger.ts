import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema.ts';

// Some 30,000 requests: what a reader that is slow may be behind.
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
// One write leaves in each turn of the event loop, in which every connection may have had a request answered. The longer it is, the
// more it costs to add a line to it.
const MAX_WRITE_BYTES = 256 * 1024;

export interface LogOutput {
  readonly log: Logger;
  /** Writes lines that are records already. */
  readonly write: (lines: string) => void;
  /** Whether so much is not written yet that little more should be: half of what there is room for. */
  readonly isBehind: () => boolean;
}

/**
 * JSON lines on standard output, times in ISO 8601 UTC. Writing does not block. `onLoss` is told when lines are lost, because
 * nobody reads them (any more) or they cannot be written: a proxy must not go on unrecorded. `base` is in every line.
 */
export function createLogger(
  level: Config['log']['level'],
  onLoss: (reason: string) => void,
  base: Readonly<Record<string, unknown>> = {},
): LogOutput {
  const output = destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES, maxWrite: MAX_WRITE_BYTES });
  const lose = (reason: string): void => {
    // Or the end of the process would try to write what is left, for ever.
    output.destroy();
    onLoss(reason);
  };
  output.on('drop', () => {
    lose('the reader of standard output is too far behind');
  });
  output.on('error', ({ message }: Error) => {
    lose(message);
  });
  let pendingBytes = 0;
  output.on('write', (bytes) => {
    pendingBytes -= bytes;
  });
  const write = (lines: string): void => {
    pendingBytes += Buffer.byteLength(lines);
    output.write(lines);
  };
  const log = pino(
    {
      level,
      base: { ...base },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return { log, write, isBehind: () => pendingBytes > MAX_BUFFERED_BYTES / 2 };
}
