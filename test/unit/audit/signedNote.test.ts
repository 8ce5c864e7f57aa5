import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NoteFailure, NoteSigner, openNote, openNoteInPool, parseVkey } from '../../../src/audit/format/signedNote.ts';
import { newSigningKey } from '../../support/auditLogs.ts';
import { readVectors } from '../../support/readVectors.ts';

const { vectors } = readVectors(
  'signedNotes.json',
  z.strictObject({
    vectors: z.array(
      z.strictObject({
        source: z.string(),
        vkey: z.string(),
        note: z.string(),
        text: z.string().optional(),
        failure: z.string().optional(),
      }),
    ),
  }),
);

describe('openNote', () => {
  it.each(vectors)('$source', async ({ vkey, note, text, failure }) => {
    const outcome = (error: unknown) => (error as NoteFailure).message;
    const inPool = await openNoteInPool(note, [parseVkey(vkey)]).catch(outcome);
    expect(inPool).toBe(text ?? failure);
    if (failure === undefined) expect(openNote(note, [parseVkey(vkey)])).toBe(text);
    else expect(() => openNote(note, [parseVkey(vkey)])).toThrow(new NoteFailure(failure));
  });
});

describe('NoteSigner', () => {
  it('signs a note that its verifier key opens', () => {
    const signer = new NoteSigner('xks.example.com/proxy-1/main', newSigningKey());
    expect(openNote(signer.sign('a text\nof two lines\n'), [parseVkey(signer.vkey)])).toBe('a text\nof two lines\n');
  });
});

describe('parseVkey', () => {
  const vkey = vectors[0]?.vkey ?? '';

  it.each([
    ['another key id', vkey.replace('530d903a', '530d903b'), 'its key id 530d903b is not that of its name and key'],
    ['another name', vkey.replace('foo', 'bar'), 'its key id 530d903a is not that of its name and key'],
    ['another signature type', vkey.replace('+AekyeR', '+AukyeR'), 'it is not a verifier key for Ed25519'],
    ['base64 with another spelling', `${vkey}=`, 'it is not a verifier key for Ed25519'],
    ['no key', 'example.com/foo+530d903a', 'it is not a verifier key for Ed25519'],
  ])('refuses %s', (_what, line, message) => {
    expect(() => parseVkey(line)).toThrow(message);
  });
});
