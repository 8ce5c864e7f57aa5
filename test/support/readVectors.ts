import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** Reads a file of test/vectors and validates its schema: an unknown field fails. */
export function readVectors<T extends z.ZodType>(file: string, schema: T): z.output<T> {
  return schema.parse(JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8')));
}
