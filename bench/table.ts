/** Formats a Markdown table with aligned columns, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = [head, ...rows].map((cells) => cells.map(String));
  const widths = head.map((_, column) => Math.max(3, ...texts.map((cells) => cells[column]?.length ?? 0)));
  const isNumeric = head.map((_, column) => rows.every((cells) => /^[\d.,%× -]*$/.test(String(cells[column] ?? ''))));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell[isNumeric[column] ? 'padStart' : 'padEnd'](widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width, column) => (isNumeric[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  const [first = [], ...others] = texts;
  return [line(first), line(rule), ...others.map(line)].join('\n');
}

/** Formats a number with this many decimals, or as `-` if it is unknown. */
export function fixed(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : '-';
}
