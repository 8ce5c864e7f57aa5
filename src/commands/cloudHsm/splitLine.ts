/** Splits a line into words, with the quotes of a shell: '...', "..." and \. Undefined if a quote is not closed. */
export function splitLine(line: string): string[] | undefined {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== '') {
    const [raw] = /^(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/.exec(rest) ?? [];
    if (raw === undefined) return undefined;
    rest = rest.slice(raw.length);
    if (/^\S/.test(rest)) return undefined;
    rest = rest.trimStart();
    words.push(raw.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, unquote));
  }
  return words;
}

function unquote(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? '';
}
