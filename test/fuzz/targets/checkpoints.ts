import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { splitNotes } from '../../../src/audit/format/logFolder.ts';
import { NoteFailure, NoteSigner, openNote, parseVkey } from '../../../src/audit/format/signedNote.ts';
import { formatTreeHead, parseTreeHead } from '../../../src/audit/format/treeHead.ts';
import { describeKey, parseVkeys } from '../../../src/audit/format/verifierKeys.ts';
import { unlessRefused, type FuzzTarget } from '../fuzzTarget.ts';
import { noteVectors } from '../vectors.ts';

const ORIGIN = 'xks.example.com/main';
const signer = new NoteSigner(ORIGIN, generateKeyPairSync('ed25519').privateKey);
const signedTexts = [1, 70_000].map((size) => formatTreeHead({ origin: ORIGIN, size, root: Buffer.alloc(32, size) }));
const notes = [...noteVectors.map(({ note }) => note), ...signedTexts.map((text) => signer.sign(text))];
const keys = [...new Set([...noteVectors.map(({ vkey }) => vkey), signer.vkey])].flatMap((vkey) => keyOf(vkey) ?? []);
const known = new Set([...noteVectors.map(({ note }) => textOf(note)), ...signedTexts]);

/** A file of checkpoints and a file of verifier keys. A text that was not signed never counts as signed. */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: [
    ...notes.map((note) => `${note}\n`),
    notes.map((note) => `${note}\n`).join(''),
    ...noteVectors.map(({ vkey }) => vkey),
    ...signedTexts,
  ].map((text) => Buffer.from(text)),
  words: ['\xe2\x80\x94 ', '\n\n', `${ORIGIN}\n`, '+', '='],
  check: (input) => {
    const text = input.toString();
    const { notes: found, torn } = splitNotes(text);
    assert.equal(found.map((note) => `${note}\n`).join('') + text.slice(text.length - torn), text);
    for (const note of [...found, text]) {
      const signed = unlessRefused(NoteFailure, () => openNote(note, keys));
      if (signed !== undefined) assert.ok(known.has(signed));
    }
    const head = parseTreeHead(text);
    if (head) assert.equal(formatTreeHead(head), text);
    for (const key of unlessRefused(NoteFailure, () => parseVkeys(text)) ?? []) {
      assert.ok(text.includes(describeKey(key)));
    }
  },
};

function keyOf(vkey: string) {
  return unlessRefused(NoteFailure, () => parseVkey(vkey));
}

function textOf(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1);
}
