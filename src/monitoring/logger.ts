import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema.ts';

/** JSON lines on standard output, times in ISO 8601 UTC. */
export function createLogger(level: Config['log']['level']): Logger {
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination({ dest: 1, sync: true }),
  );
}
