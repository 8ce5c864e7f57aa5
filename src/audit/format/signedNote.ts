import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from '../../xks/base64.ts';

/** The only signature type of C2SP's signed-note that is used here. */
const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
// The bytes that precede the 32 bytes of an Ed25519 public key in DER form (RFC 8410).
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A note has a wrong form, or no known key has signed it. The message says which. */
export class NoteFailure extends Error {
  override readonly name = 'NoteFailure';
}

/** Signs notes with one key name: C2SP, signed-note, "Ed25519 signatures". */
export class NoteSigner {
  readonly name: string;
  /** The verifier key, with which others check the signatures. */
  readonly vkey: string;
  readonly #privateKey: KeyObject;
  readonly #keyId: Buffer;

  /** `name` must have no blank and no `+`. `privateKey` is an Ed25519 key. */
  constructor(name: string, privateKey: KeyObject) {
    const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-PUBLIC_KEY_BYTES);
    const typed = Buffer.concat([Buffer.of(ED25519), publicKey]);
    this.name = name;
    this.#privateKey = privateKey;
    this.#keyId = keyIdOf(name, typed);
    this.vkey = `${name}+${this.#keyId.toString('hex')}+${typed.toString('base64')}`;
  }

  /** Signs a text, which must end in LF. */
  sign(text: string): string {
    const signature = sign(null, Buffer.from(text), this.#privateKey);
    return `${text}\n\u2014 ${this.name} ${Buffer.concat([this.#keyId, signature]).toString('base64')}\n`;
  }
}

/** A key that verifies signatures with one key name. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

/** Parses a vkey line. Throws NoteFailure if it has another form or signature type, or if its key id does not match its key. */
export function parseVkey(line: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const typed = decodeBase64(encoded);
  if (typed?.length !== 1 + PUBLIC_KEY_BYTES || typed[0] !== ED25519) {
    throw new NoteFailure('it is not a verifier key for Ed25519: <name>+<8 hexadecimal digits>+<base64>');
  }
  const keyId = keyIdOf(name, typed);
  if (keyId.toString('hex') !== id) throw new NoteFailure(`its key id ${id} is not that of its name and key`);
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, typed.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return { name, keyId, publicKey };
}

/** A signature of a known key, not yet verified. */
interface KnownSignature {
  readonly key: VerifierKey;
  readonly signature: Buffer;
}

/**
 * Returns the text of a note, with its last LF. Throws NoteFailure unless one of `keys` has signed it. Signatures of other keys
 * are ignored, but no signature of a known key may be wrong (C2SP, signed-note, "Signatures").
 */
export function openNote(note: string, keys: readonly VerifierKey[]): string {
  const { text, signatures } = readNote(note, keys);
  for (const { key, signature } of signatures) {
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) throw wrongSignature(key);
  }
  return text;
}

/** Like openNote, but verifies signatures in a thread of libuv's pool, so that many can be verified in parallel. */
export async function openNoteInPool(note: string, keys: readonly VerifierKey[]): Promise<string> {
  const { text, signatures } = readNote(note, keys);
  for (const { key, signature } of signatures) {
    if (!(await verifyInPool(Buffer.from(text), key.publicKey, signature))) throw wrongSignature(key);
  }
  return text;
}

/** Returns the text of a note and its signatures of known keys, at least one. */
function readNote(note: string, keys: readonly VerifierKey[]): { text: string; signatures: readonly KnownSignature[] } {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2);
  // A note must not contain control characters other than LF.
  if (end < 1 || !lines.endsWith('\n') || /[\0-\x09\x0b-\x1f]/.test(note))
    throw new NoteFailure('it is not a signed note');
  const signatures: KnownSignature[] = [];
  for (const line of lines.slice(0, -1).split('\n')) {
    const [, name = '', encoded = ''] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const bytes = decodeBase64(encoded);
    if (!bytes || bytes.length <= KEY_ID_BYTES) {
      throw new NoteFailure('one of its signature lines has another form');
    }
    const key = keys.find((known) => known.name === name && known.keyId.equals(bytes.subarray(0, KEY_ID_BYTES)));
    if (!key) continue;
    const signature = bytes.subarray(KEY_ID_BYTES);
    if (signature.length !== SIGNATURE_BYTES) throw wrongSignature(key);
    signatures.push({ key, signature });
  }
  if (signatures.length === 0) throw new NoteFailure('no key that is trusted has signed it');
  return { text, signatures };
}

function wrongSignature({ name }: VerifierKey): NoteFailure {
  return new NoteFailure(`its signature of ${name} is wrong`);
}

function verifyInPool(text: Buffer, key: KeyObject, signature: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(null, text, key, signature, (error, good) => {
      if (error) reject(error);
      else resolve(good);
    });
  });
}

function keyIdOf(name: string, typed: Buffer): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').subarray(0, KEY_ID_BYTES);
}
