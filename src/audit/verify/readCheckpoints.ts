import { createReadStream } from 'node:fs';
import { splitNotes } from '../format/logFolder.ts';
import { NoteFailure, openNoteInPool, type VerifierKey } from '../format/signedNote.ts';
import { parseTreeHead, type TreeHead } from '../format/treeHead.ts';

// Enough to keep all threads of libuv's pool busy.
const AT_ONCE = 64;
// A file without notes is not read into memory.
const MAX_NOTE_CHARACTERS = 64 * 1024;

/** A checkpoint of a file, after verification of its signature. */
export interface ReadCheckpoint {
  /** Its number in the file, from 0. */
  readonly place: number;
  readonly note: string;
  /** The content that it signs, or the reason why it cannot be trusted. */
  readonly content: TreeHead | NoteFailure;
}

/**
 * Reads the first `bytes` of a file of checkpoints, in constant memory, and verifies several signatures in parallel. Yields the
 * checkpoints in their order, and returns how many bytes of a torn one follow them.
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

/** Reads the notes among the first `bytes` of a file of checkpoints. Returns how many bytes of a torn one follow them. */
export async function* readNotes(file: string, bytes: number): AsyncGenerator<string, number> {
  let rest = '';
  for await (const text of textOf(file, bytes)) {
    const { notes, torn } = splitNotes(rest + text);
    yield* notes;
    rest = torn === 0 ? '' : (rest + text).slice(-torn);
    if (torn <= MAX_NOTE_CHARACTERS) continue;
    // This is not a note, as its reader will find.
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
