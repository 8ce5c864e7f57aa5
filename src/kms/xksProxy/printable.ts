/** Makes text from a proxy safe to log: at most 512 characters of printable ASCII. */
export function printable(text: string): string {
  return text.slice(0, 512).replaceAll(/[^\x20-\x7e]/g, '?');
}
