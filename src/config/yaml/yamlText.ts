import { Document, stringify } from 'yaml';

/** A value in lines, each with its line end: a list as `- entry`, a map as `key: value`. */
export function inLines(value: unknown, indent: number, lineEnd: string): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split('\n');
  return lines.map((line) => `${' '.repeat(indent)}${line}${lineEnd}`).join('');
}

/** A value in one line, such as `[{ id: foo }]`. */
export function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return scalar(value);
  return `{ ${membersInLine(value)} }`;
}

/** The members of a map in one line, such as `id: foo, label: bar`. */
export function membersInLine(map: object): string {
  return Object.entries(map)
    .map(([key, value]) => `${scalar(key)}: ${inLine(value)}`)
    .join(', ');
}

// Some texts need quotes only inside brackets.
function scalar(value: unknown): string {
  const document = new Document([value], { version: '1.2' });
  Object.assign(document.contents ?? {}, { flow: true });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trim().slice(1, -1);
}
