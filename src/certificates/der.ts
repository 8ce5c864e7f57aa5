/** One value of DER (X.690), with its tag and content. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** Length in bytes that the first DER value of `bytes` claims to have. Undefined if it is not DER. */
export function derLength(bytes: Buffer): number | undefined {
  const [, first] = bytes;
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first - 0x80;
  if (count === 0 || count > 4 || bytes.length < 2 + count) return undefined;
  return 2 + count + bytes.readUIntBE(2, count);
}

/** Consecutive values in `bytes`. Throws RangeError if they are not DER. */
export function derValues(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const length = derLength(rest);
    if (length === undefined || length > rest.length) throw new RangeError('not DER');
    const [tag = 0, first = 0] = rest;
    values.push({ tag, content: rest.subarray(first < 0x80 ? 2 : 2 + first - 0x80, length) });
    rest = rest.subarray(length);
  }
  return values;
}

/** The values inside the only value of `bytes`. Throws RangeError if they are not DER. */
export function derChildren(bytes: Buffer): readonly DerValue[] {
  const [value] = derValues(bytes);
  return value ? derValues(value.content) : [];
}
