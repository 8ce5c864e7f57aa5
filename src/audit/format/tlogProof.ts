import { decodeBase64 } from '../../xks/base64.ts';
import { parseIndex } from './parseIndex.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;

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
  const [, extra] = /^extra (.*)$/.exec(lines[0] ?? '') ?? [];
  if (extra !== undefined) lines.shift();
  const record = decodeBase64(extra ?? '');
  const index = parseIndex(/^index (\d+)$/.exec(lines.shift() ?? '')?.[1] ?? '');
  const hashes = lines.flatMap((line) => decodeBase64(line) ?? []).filter(({ length }) => length === HASH_BYTES);
  if (header !== HEADER || !record || index === undefined || hashes.length < lines.length) return undefined;
  return { record: extra === undefined ? undefined : record, index, hashes, checkpoint: text.slice(end + 2) };
}
