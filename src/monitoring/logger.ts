import { pino, stdTimeFunctions, type Logger } from 'pino';
import type { Config } from '../config/schema/schema.ts';

/** Members with which each line of the log begins. */
export type LogBase = Readonly<Record<string, string | number>>;

/** Makes a logger of JSON lines, with times in ISO 8601 UTC. `base` is in every line. */
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
