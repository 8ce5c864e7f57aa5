import { pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema/schema.ts';

/** What a line of the log begins with. */
export type LogBase = Readonly<Record<string, string | number>>;

/** JSON lines, times in ISO 8601 UTC. `base` is in every line. */
export function createLogger(
  level: Config['log']['level'],
  stream: { write(lines: string): void },
  base: LogBase = {},
): Logger {
  return pino(
    {
      level,
      base: { ...base },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}
