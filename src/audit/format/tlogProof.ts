const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH = /^[A-Za-z0-9+/]{43}=$/;

/** A proof that a record is in a log: c2sp.org/tlog-proof. Its `extra` line contains the record, so that one file is enough. */
export interface TlogProof {
  /** The line of the log, without its LF. If undefined, the proof does not contain it, and the verifier must have it. */
  readonly record: Buffer | undefined;
  readonly index: number;
  /** The hashes, the leaf's sibling first. */
  readonly hashes: readonly Buffer[];
  /** The checkpoint, a signed note. */
  readonly checkpoint: string;
}

export function formatTlogProof({ record, index, hashes, checkpoint }: TlogProof): string {
  const extra = record ? [`extra ${record.toString('base64')}`] : [];
  const lines = [HEADER, ...extra, `index ${index}`, ...hashes.map((hash) => hash.toString('base64'))];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Parses a proof. Undefined if it has another form. */
export function parseTlogProof(text: string): TlogProof | undefined {
  const end = text.indexOf('\n\n');
  const [header, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  const [, extra] = /^extra ([A-Za-z0-9+/]*={0,2})$/.exec(lines[0] ?? '') ?? [];
  if (extra !== undefined) lines.shift();
  const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '') ?? [];
  if (header !== HEADER || index === undefined || !lines.every((line) => HASH.test(line))) return undefined;
  return {
    record: extra === undefined ? undefined : Buffer.from(extra, 'base64'),
    index: Number(index),
    hashes: lines.map((line) => Buffer.from(line, 'base64')),
    checkpoint: text.slice(end + 2),
  };
}
