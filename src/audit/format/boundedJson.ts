const MARK = '...';
const SHORTEST = 16;
const FEWER_ENTRIES = [256, 128, 64, 32, 16, 8, 4, 2, 1, 0];

/**
 * Formats an object as JSON of at most `maxBytes` bytes. If it is longer, its longest texts are cut, to no less than 16
 * characters, and marked with `...`. If that is not enough, lists and maps in it lose their last entries, and end with the number
 * of lost entries. The object's own members stay. Throws RangeError if they alone are too long, which no record is.
 */
export function boundedJson(value: object, maxBytes: number): string {
  const whole = JSON.stringify(value);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  for (let characters = 2_048; characters >= SHORTEST; characters /= 2) {
    const text = JSON.stringify(shorten(value, characters, Infinity));
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  for (const entries of FEWER_ENTRIES) {
    const text = JSON.stringify(shorten(value, SHORTEST, Infinity, entries));
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  throw new RangeError(`it cannot be written in ${maxBytes} bytes`);
}

/** Cuts a text to at most this many characters, followed by `...`. It never splits a surrogate pair. */
export function cutText(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')}${MARK}`;
}

/** `inner`: the number of entries that nested lists and maps keep. */
function shorten(value: unknown, characters: number, entries: number, inner = entries): unknown {
  if (typeof value === 'string') return cutText(value, characters);
  if (Array.isArray(value)) {
    const kept: unknown[] = value.slice(0, entries).map((entry) => shorten(entry, characters, inner));
    return kept.length < value.length ? [...kept, lost(value.length - kept.length)] : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  const all = Object.entries(value).filter(([, member]) => member !== undefined);
  const shortened: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of all.slice(0, entries)) {
    // Names with the same beginning must stay different.
    const cut = cutText(name, characters);
    shortened[cut in shortened ? `${cut}${Object.keys(shortened).length}` : cut] = shorten(member, characters, inner);
  }
  if (all.length > entries) shortened[MARK] = lost(all.length - entries);
  return shortened;
}

function lost(count: number): string {
  return `${MARK} and ${count} more`;
}
