import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema.ts';

// Some 30,000 requests: what a reader that is slow may be behind.
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/**
 * JSON lines on standard output, times in ISO 8601 UTC. Writing does not block. `onLoss` is told when lines are lost, because
 * nobody reads them (any more) or they cannot be written: a proxy must not go on unrecorded.
 */
export function createLogger(level: Config['log']['level'], onLoss: (reason: string) => void): Logger {
  const output = destination({ dest: 1, sync: false, maxLength: MAX_BUFFERED_BYTES });
  output.on('drop', () => {
    onLoss('the reader of standard output is too far behind');
  });
  output.on('error', ({ message }: Error) => {
    onLoss(message);
  });
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    output,
  );
}
