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
  const [, origin = '', size = '', encoded = ''] =
    /^([^\n]+)\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  if (origin === '') return undefined;
  const root = Buffer.from(encoded, 'base64');
  return root.toString('base64') === encoded ? { origin, size: Number(size), root } : undefined;
}
