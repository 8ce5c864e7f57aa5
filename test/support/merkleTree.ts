import { hash } from 'node:crypto';

/** RFC 6962, section 2.1, literally: MTH(D[n]), by recursion over all records. */
export function merkleTreeHash(records: readonly string[]): Buffer {
  const [first] = records;
  if (first === undefined) return sha256();
  if (records.length === 1) return sha256(Buffer.of(0), Buffer.from(first));
  let split = 1;
  while (split * 2 < records.length) split *= 2;
  return sha256(Buffer.of(1), merkleTreeHash(records.slice(0, split)), merkleTreeHash(records.slice(split)));
}

/** RFC 6962, section 2.1.1, literally: PATH(m, D[n]). */
export function auditPath(index: number, records: readonly string[]): Buffer[] {
  if (records.length <= 1) return [];
  let split = 1;
  while (split * 2 < records.length) split *= 2;
  const [left, right] = [records.slice(0, split), records.slice(split)];
  if (index < split) return [...auditPath(index, left), merkleTreeHash(right)];
  return [...auditPath(index - split, right), merkleTreeHash(left)];
}

/** The root that an audit path gives, by RFC 9162, section 2.1.3.2, step by step. Undefined if the proof fails. */
export function rootOfPath(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  if (index >= size) return undefined;
  let [fn, sn] = [index, size - 1];
  let r = leaf;
  for (const p of path) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      r = sha256(Buffer.of(1), p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else r = sha256(Buffer.of(1), r, p);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 ? r : undefined;
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}
