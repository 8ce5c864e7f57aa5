/** Reads an index or a size as the files of a log write it: in decimal, without leading zeros. Undefined for any other text. */
export function parseIndex(text: string): number | undefined {
  // Larger ones would be rounded to those of other records.
  const index = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(index) ? index : undefined;
}
