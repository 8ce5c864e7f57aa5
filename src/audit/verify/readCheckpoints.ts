import { createReadStream } from 'node:fs';
import { splitNotes } from '../format/logFolder.ts';
import { NoteFailure, openNoteInPool, type VerifierKey } from '../format/signedNote.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

// Enough to keep all threads of libuv's pool at work.
const AT_ONCE = 64;
// A file without notes is not read into memory.
const MAX_NOTE_CHARACTERS = 64 * 1024;

/** A checkpoint of a file, whose signature was verified. */
export interface ReadCheckpoint {
  /** Its place in the file, from 0. */
  readonly place: number;
  readonly note: string;
  /** What it signs, or why that cannot be trusted. */
  readonly content: TreeHead | NoteFailure;
}

/**
 * Reads the first `bytes` of a file of checkpoints, in flat memory, and verifies the signatures of several at a time. Gives them
 * in their order, and returns how many bytes of a torn one stand behind them.
 */
export async function* readCheckpoints(
  file: string,
  bytes: number,
  keys: readonly VerifierKey[],
): AsyncGenerator<ReadCheckpoint, number> {
  const notes = readNotes(file, bytes);
  const pending: Promise<ReadCheckpoint>[] = [];
  for (let place = 0; ; place += 1) {
    const { value, done } = await notes.next();
    if (done) {
      for (const last of pending) yield await last;
      return value;
    }
    pending.push(verify(value, place, keys));
    const oldest = pending.length < AT_ONCE ? undefined : pending.shift();
    if (oldest) yield await oldest;
  }
}

/** Reads the notes among the first `bytes` of a file of checkpoints, and returns how many bytes of a torn one are behind them. */
export async function* readNotes(file: string, bytes: number): AsyncGenerator<string, number> {
  let rest = '';
  for await (const text of textOf(file, bytes)) {
    const { notes, torn } = splitNotes(rest + text);
    yield* notes;
    rest = torn === 0 ? '' : (rest + text).slice(-torn);
    if (torn <= MAX_NOTE_CHARACTERS) continue;
    // No note, which its reader finds out.
    yield rest;
    return 0;
  }
  return Buffer.byteLength(rest);
}

async function* textOf(file: string, bytes: number): AsyncGenerator<string> {
  if (bytes > 0) yield* createReadStream(file, { encoding: 'utf8', end: bytes - 1 }) as AsyncIterable<string>;
}

async function verify(note: string, place: number, keys: readonly VerifierKey[]): Promise<ReadCheckpoint> {
  try {
    const head = parseTreeHead(await openNoteInPool(note, keys));
    const content = head ?? new NoteFailure('it is a signed note, but not a checkpoint');
    return { place, note, content };
  } catch (error) {
    if (error instanceof NoteFailure) return { place, note, content: error };
    throw error;
  }
}
