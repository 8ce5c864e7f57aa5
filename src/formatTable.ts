/** Rows with their columns aligned, a line each. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, lengthOf(row[column] ?? '')), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Characters, as a person counts them. */
function lengthOf(text: string): number {
  return /^[\x20-\x7E]*$/.test(text) ? text.length : [...new Intl.Segmenter().segment(text)].length;
}
