import { NoteFailure, parseVkey, type VerifierKey } from './signedNote.ts';

/**
 * Parses verifier keys, one per line. Skips empty lines and lines that begin with `#`. Throws NoteFailure, which names the line.
 */
export function parseVkeys(text: string): VerifierKey[] {
  const keys = text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    return trimmed === '' || trimmed.startsWith('#') ? [] : [vkeyOf(trimmed, index + 1)];
  });
  if (keys.length === 0) throw new NoteFailure('it holds no verifier key');
  return keys;
}

function vkeyOf(line: string, number: number): VerifierKey {
  try {
    return parseVkey(line);
  } catch (error) {
    throw new NoteFailure(`line ${number}: ${(error as Error).message}`);
  }
}

/** Formats the name and id of a key as in its vkey line: `<name>+<key id>`. */
export function describeKey({ name, keyId }: VerifierKey): string {
  return `${name}+${keyId.toString('hex')}`;
}
