/** Conditions that can be checked on the text of a line, without parsing it. */
export interface Prefilter {
  /** Texts that each wanted line contains, as Latin-1 of their bytes, rarest first. */
  readonly needles: readonly string[];
  /** Whether a line with all needles and the right time is always wanted, unless text from a client looks like a needle. */
  readonly isExact: boolean;
  /** Indexes of records that later records correct. They are parsed whatever their text. */
  readonly corrected: { has(index: number): boolean; readonly size: number };
  /** Earliest time, inclusive: ISO 8601 in UTC, with milliseconds. */
  readonly from?: string | undefined;
  /** Latest time, exclusive. */
  readonly to?: string | undefined;
}

/** A line in the text of a block. */
export interface CandidateLine {
  readonly start: number;
  /** Offset of its LF, just after its last byte. */
  readonly end: number;
  /** Whether the line is known to be a wanted record, so that it need not be parsed. */
  readonly isCertain: boolean;
}

const BEGIN = '{"index":';
const TIME = '"time":"';
const ISO_LENGTH = '2026-11-26T19:00:00.000Z'.length;
const METADATA = '"requestMetadata":{"';

/**
 * Yields the lines of a block that pass a prefilter, and those that cannot be judged because they do not look like a record of
 * the proxy. `text` is the block as Latin-1, so that its offsets are those of the bytes.
 */
export function* candidateLines(text: string, prefilter: Prefilter): Generator<CandidateLine> {
  const { corrected, isExact } = prefilter;
  const needles = prefilter.needles.map((needle) => new Needle(text, needle));
  for (let start = 0; start < text.length;) {
    const lf = text.indexOf('\n', start);
    const end = lf === -1 ? text.length : lf;
    if (!looksLikeRecord(text, start, end) || (corrected.size > 0 && corrected.has(indexAt(text, start)))) {
      yield { start, end, isCertain: false };
    } else if (needles.every((needle) => needle.seek(start) < end)) {
      const time = timeAt(text, start);
      if (time === undefined) yield { start, end, isCertain: false };
      else if (isWithin(time, prefilter))
        yield { start, end, isCertain: isExact && areGenuine(needles, text, start, end) };
    }
    start = end + 1;
  }
}

/** A text that is searched for from line to line. The block is searched once, and not again for each line without the text. */
class Needle {
  readonly #text: string;
  readonly #needle: string;
  /** Offset of its first occurrence at or after the start of the latest line, or Infinity. */
  place = -1;

  constructor(text: string, needle: string) {
    this.#text = text;
    this.#needle = needle;
  }

  seek(start: number): number {
    if (this.place >= start) return this.place;
    const place = this.#text.indexOf(this.#needle, start);
    this.place = place === -1 ? Infinity : place;
    return this.place;
  }
}

function looksLikeRecord(text: string, start: number, end: number): boolean {
  return text.startsWith(BEGIN, start) && text.endsWith('}', end);
}

function indexAt(text: string, start: number): number {
  const begin = start + BEGIN.length;
  return Number(text.slice(begin, text.indexOf(',', begin)));
}

/**
 * Reads the time of a record, which begins with index, type and time. Undefined if the time is elsewhere, or has another form.
 */
function timeAt(text: string, start: number): string | undefined {
  const behindType = text.indexOf('","', start) + 2;
  const place = behindType + TIME.length;
  if (!text.startsWith(TIME, behindType) || !text.startsWith('Z"', place + ISO_LENGTH - 1)) return undefined;
  return text.slice(place, place + ISO_LENGTH);
}

function isWithin(time: string, { from, to }: Prefilter): boolean {
  return (from === undefined || time >= from) && (to === undefined || time < to);
}

/**
 * Whether the needles are members of the record itself. Names within requestMetadata come from a client, and may be the same.
 * Returns false also if this cannot be decided quickly. In JSON text, a quotation mark begins or ends a string unless a backslash
 * precedes it. `"}` ends the metadata, whose values are all strings, unless it begins a string.
 */
function areGenuine(needles: readonly Needle[], text: string, start: number, end: number): boolean {
  const begin = text.indexOf(METADATA, start);
  const close = text.indexOf('"}', begin + METADATA.length);
  if (begin === -1 || close === -1 || close >= end || '\\:,{'.includes(text.charAt(close - 1))) return false;
  return needles.every(({ place }) => place < begin || place > close);
}
