import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema.ts';

// Some 30,000 requests: what a reader that is slow may be behind.
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

export interface LogOutput {
  readonly log: Logger;
  /** Writes lines that are records already. */
  readonly write: (lines: string) => void;
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
  const output = destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES });
  output.on('drop', () => {
    onLoss('the reader of standard output is too far behind');
  });
  output.on('error', ({ message }: Error) => {
    onLoss(message);
  });
  const log = pino(
    {
      level,
      base: { ...base },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
  return { log, write: (lines) => output.write(lines) };
}
