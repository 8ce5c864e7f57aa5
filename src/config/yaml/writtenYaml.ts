import { resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { readFromDisk, type ConfigFile } from '../files/configFiles.ts';
import { ConfigError, type KeyPath, type Place, type Problem } from '../problems/problem.ts';

/** A YAML file in its written form. */
export interface WrittenYaml {
  readonly text: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** Value of the document, as plain data. */
  readonly value: unknown;
}

const NO_REFERENCES =
  'environment variables are not replaced here: only secrets can come from variables, as {env: NAME}';

/** Reads a YAML file; throws ConfigError if it is not one. */
export function readYaml(file: string, readFile = readFromDisk): WrittenYaml {
  let read: ConfigFile;
  try {
    read = readFile(resolve(file));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ path: '', message: `the file cannot be read (${code})` }]);
  }
  if (read.fault !== undefined) throw new ConfigError(file, [{ path: '', message: `the file ${read.fault}` }]);
  return parseYaml(file, read.text);
}

/** Parses the text of a YAML file; throws ConfigError. `file` is for messages. */
export function parseYaml(file: string, text: string): WrittenYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, keepSourceTokens: true });
  const written = text.split('\n');
  const faults = [...document.errors, ...document.warnings].map(({ code, message, pos: [offset] }): Problem => {
    const words = code === 'MULTIPLE_DOCS' ? 'begins a second YAML document; the file must have one' : inWords(message);
    const { line } = lines.linePos(offset);
    const hint = written[line - 1]?.includes('${') ? `; ${NO_REFERENCES}` : '';
    return { path: '', line, message: withoutQuotes(words) + hint };
  });
  // The first of several faults in a line is the cause of the others.
  const told = new Set<number | undefined>();
  const causes = faults.filter(({ line }) => !told.has(line) && told.add(line));
  if (causes.length > 0) throw new ConfigError(file, causes);
  try {
    return { text, document, lines, value: document.toJS() as unknown };
  } catch (error) {
    // An alias names no anchor, or expands to too much data.
    const message = withoutQuotes(inWords((error as Error).message));
    throw new ConfigError(file, [{ path: '', ...lineOf(lines, unresolvedAlias(document)), message }]);
  }
}

/** Place of the value of a key path, or of the longest part of the path that the file has. */
export function placeOf({ document, lines }: WrittenYaml, path: KeyPath): Place | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    let found: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      [found, node] = [pair?.key, pair?.value];
    } else {
      node = isSeq(node) ? node.items[Number(part)] : undefined;
      found = node;
    }
    const range = (found as { range?: readonly number[] } | undefined)?.range;
    if (!range) break;
    [offset] = range;
  }
  if (offset === undefined) return undefined;
  const { line, col: column } = lines.linePos(offset);
  return { line, column };
}

function inWords(message: string): string {
  return message.startsWith('Maximum call stack') ? 'is nested too deeply' : message;
}

function lineOf(lines: LineCounter, offset: number | undefined): { readonly line?: number } {
  return offset === undefined ? {} : { line: lines.linePos(offset).line };
}

function unresolvedAlias(document: Document.Parsed): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return undefined;
      offset = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}

// Cuts what the library quotes from the file, after a colon or in quotation marks, because it may be a secret.
function withoutQuotes(message: string): string {
  return (message.split(/ at line |[:"'`]/)[0] ?? '').trim();
}
