const MARK = '...';
const SHORTEST = 16;

/**
 * An object as JSON of at most so many bytes: if it is longer, its longest texts are cut, and marked with `...`. Texts are cut to
 * no less than 16 characters; lists and maps lose their last entries before that, and end with how many they lost.
 */
export function boundedJson(value: object, maxBytes: number): string {
  const whole = JSON.stringify(value);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  for (let characters = 2_048; characters >= SHORTEST; characters /= 2) {
    const text = JSON.stringify(shorten(value, characters, Infinity));
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  for (let entries = 256; entries >= 1; entries = Math.floor(entries / 2)) {
    const text = JSON.stringify(shorten(value, SHORTEST, entries));
    if (Buffer.byteLength(text) <= maxBytes) return text;
  }
  throw new RangeError(`it cannot be written in ${maxBytes} bytes`);
}

/** A text of at most so many characters, then `...`; no pair of surrogates is cut in two. */
export function cutText(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')}${MARK}`;
}

function shorten(value: unknown, characters: number, entries: number): unknown {
  if (typeof value === 'string') return cutText(value, characters);
  if (Array.isArray(value)) {
    const kept: unknown[] = value.slice(0, entries).map((entry) => shorten(entry, characters, entries));
    return kept.length < value.length ? [...kept, lost(value.length - kept.length)] : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  const all = Object.entries(value).filter(([, member]) => member !== undefined);
  const shortened: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of all.slice(0, entries)) {
    // Names of which the beginning is the same stay different.
    const cut = cutText(name, characters);
    shortened[cut in shortened ? `${cut}${Object.keys(shortened).length}` : cut] = shorten(member, characters, entries);
  }
  if (all.length > entries) shortened[MARK] = lost(all.length - entries);
  return shortened;
}

function lost(count: number): string {
  return `${MARK} and ${count} more`;
}
