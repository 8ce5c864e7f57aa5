import { decodeBase64 } from '../../xks/base64.ts';
import { parseIndex } from './parseIndex.ts';

/** The signed content of a checkpoint: C2SP, tlog-checkpoint, "Note text", without extension lines. */
export interface TreeHead {
  /** `<origin>/<slot>`, also the name of the key that signs. */
  readonly origin: string;
  /** Number of records, at least 1. */
  readonly size: number;
  /** SHA-256. */
  readonly root: Buffer;
}

/** Formats the text of the note, which a NoteSigner signs. */
export function formatTreeHead({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Parses the text of a note. Undefined if it has another form. */
export function parseTreeHead(text: string): TreeHead | undefined {
  const [, origin = '', digits = '', encoded = ''] = /^([^\n]+)\n(\d+)\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  const size = parseIndex(digits);
  const root = decodeBase64(encoded);
  return size && root ? { origin, size, root } : undefined;
}
