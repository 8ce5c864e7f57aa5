import { readFileSync } from 'node:fs';
import { leafHash } from '../../audit/format/compactRange.ts';
import { rootOfProof } from '../../audit/format/inclusionProof.ts';
import { originOf } from '../../audit/verify/keptCheckpoints.ts';
import { NoteFailure, openNote, type VerifierKey } from '../../audit/format/signedNote.ts';
import { parseTlogProof } from '../../audit/format/tlogProof.ts';
import { parseTreeHead, type TreeHead } from '../../audit/format/treeHead.ts';
import { describeKey } from '../../audit/format/verifierKeys.ts';
import { CommandFailure, type Cli } from '../cli.ts';

export interface ProofOptions {
  /** File with the proof. */
  readonly proof: string;
  readonly keys: readonly VerifierKey[];
  /** File with the record. If undefined, the proof contains it. */
  readonly record: string | undefined;
  readonly json: boolean;
}

const LF = 0x0a;

/** Verifies the proof of one record, without its log, and prints the record. Throws CommandFailure if the proof is not valid. */
export function verifyProof(cli: Cli, { proof: file, keys, record: recordFile, json }: ProofOptions): void {
  const proof = parseTlogProof(readFileSync(file, 'utf8'));
  if (!proof) throw new CommandFailure(`${file} is not a proof of the form c2sp.org/tlog-proof@v1`);
  const record = recordFile === undefined ? proof.record : withoutLf(readFileSync(recordFile));
  if (!record) throw new CommandFailure(`${file} does not contain the record: give it with --record`);
  const { origin, size, root } = openCheckpoint(proof.checkpoint, keys);
  const { index } = proof;
  if (!rootOfProof(leafHash(record), index, size, proof.hashes)?.equals(root)) {
    throw new CommandFailure(`Not good: the checkpoint of size ${size} does not cover this record at index ${index}.`);
  }
  const signers = keys.filter(({ name }) => name === origin).map(describeKey);
  if (json)
    cli.out(
      JSON.stringify({ good: true, log: origin, index, size, keys: signers, record: record.toString() }, null, 2),
    );
  else {
    cli.out(record.toString());
    cli.err(
      `Good: this is record ${index} of ${origin}, whose checkpoint of size ${size} is signed (${signers.join(', ')}).`,
    );
  }
}

function openCheckpoint(note: string, keys: readonly VerifierKey[]): TreeHead {
  // A key may sign only for the log with its own name.
  const itsKeys = keys.filter(({ name }) => name === originOf(note));
  try {
    const head = parseTreeHead(openNote(note, itsKeys));
    if (head) return head;
  } catch (error) {
    if (!(error instanceof NoteFailure)) throw error;
    throw new CommandFailure(`Not good: the checkpoint of the proof: ${error.message}.`);
  }
  throw new CommandFailure('Not good: what is signed is not a checkpoint.');
}

function withoutLf(bytes: Buffer): Buffer {
  return bytes.at(-1) === LF ? bytes.subarray(0, -1) : bytes;
}
