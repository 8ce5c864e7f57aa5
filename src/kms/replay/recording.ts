import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { KMS_OPERATION_NAMES } from '../api/kmsOperationNames.ts';

const MAX_BYTES = 16 * 2 ** 20;
const MAX_CALLS = 10_000;
const MAX_PROBLEMS = 20;
/** Nesting depth of objects and lists. Those of KMS have about five levels. */
const MAX_DEPTH = 32;

// Replaces zod's own message, which quotes the names of unknown members, and these may contain anything.
const ONLY = 'can have only the members operation, input, and output or error (name, message)';
const members = z.record(z.string(), z.unknown(), { error: 'must be an object' });
const recordedCall = z
  .strictObject(
    {
      operation: z.string('must be text').refine((name) => KMS_OPERATION_NAMES.has(name), 'is not an operation of KMS'),
      input: members,
      output: members.optional(),
      error: z
        .strictObject(
          { name: z.string('must be text'), message: z.string('must be text').optional() },
          { error: ({ code }) => (code === 'invalid_type' ? 'must be an object' : ONLY) },
        )
        .optional(),
    },
    { error: ({ code }) => (code === 'invalid_type' ? 'must be an object' : ONLY) },
  )
  .refine((call) => isWithin(MAX_DEPTH, call), { error: 'is nested too deeply' })
  .refine(({ output, error }) => (output === undefined) !== (error === undefined), {
    error: 'must have either output or error',
  });

/** A recorded call of AWS KMS, with its answer. */
export type RecordedCall = z.output<typeof recordedCall> & {
  /** Counted from 1. */
  readonly line: number;
};

/** Error if a recording cannot be replayed. The message lists its problems. */
export class RecordingFailure extends Error {
  override readonly name = 'RecordingFailure';
}

/** Reads the calls from a file of JSON lines. Throws RecordingFailure with up to 20 problems, but without the content of the lines. */
export function readRecording(file: string): readonly RecordedCall[] {
  const problems: string[] = [];
  const lines = readLines(file).flatMap((text, index) => (text.trim() === '' ? [] : [{ text, line: index + 1 }]));
  // In that case no line is parsed, because millions of lines would take minutes.
  if (lines.length > MAX_CALLS) problems.push(`it has ${lines.length} calls: more than ${MAX_CALLS}`);
  const calls = (problems.length === 0 ? lines : []).flatMap(({ text, line }): RecordedCall[] => {
    const result = recordedCall.safeParse(parse(text));
    if (result.success) return [{ ...result.data, line }];
    for (const { path, message } of result.error.issues)
      problems.push(`line ${line}: ${path.length === 0 ? '' : `${path.join('.')} `}${message}`);
    return [];
  });
  if (calls.length === 0 && problems.length === 0) problems.push('it has no calls');
  if (problems.length === 0) return calls;
  const untold = problems.length - MAX_PROBLEMS;
  const told = [...problems.slice(0, MAX_PROBLEMS), ...(untold > 0 ? [`and ${untold} more`] : [])];
  throw new RecordingFailure(`${file} cannot be replayed:\n${told.map((problem) => `  ${problem}`).join('\n')}`);
}

function readLines(file: string): readonly string[] {
  try {
    const stats = statSync(file);
    // A device or a pipe may have no end.
    if (!stats.isFile()) throw new RecordingFailure(`${file} is not a regular file.`);
    if (stats.size > MAX_BYTES)
      throw new RecordingFailure(`${file} is larger than ${MAX_BYTES / 2 ** 20} MiB. Split it.`);
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if (error instanceof RecordingFailure) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new RecordingFailure(`${file} cannot be read: ${code}`, { cause: error });
  }
}

function isWithin(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isWithin(depth - 1, member));
}

/** Parses a line. Returns undefined, which is not an object, if it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
