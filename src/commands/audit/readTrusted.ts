import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { splitNotes } from '../../audit/format/logFolder.ts';
import type { VerifierKey } from '../../audit/format/signedNote.ts';
import { parseVkeys } from '../../audit/format/verifierKeys.ts';

/** Reads the value of `--vkey`: a file of verifier keys. */
export function readVkeys(file: string): VerifierKey[] {
  const text = read(file);
  try {
    return parseVkeys(text);
  } catch (error) {
    throw new InvalidArgumentError(`${file}: ${(error as Error).message}`);
  }
}

/**
 * Reads the value of `--checkpoint`: a file with one signed note, or with several notes that are each followed by an empty line.
 */
export function readKeptCheckpoints(file: string): readonly string[] {
  const text = read(file);
  const { notes, torn } = splitNotes(text.endsWith('\n\n') ? text : `${text}\n`);
  if (notes.length > 0 && torn === 0) return notes;
  throw new InvalidArgumentError(`${file}: it is not a signed note, or several with an empty line after each`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
