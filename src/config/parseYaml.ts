import { resolve } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import { readFromDisk } from './configFiles.ts';
import { ConfigError } from './problem.ts';

/** A configuration file as a YAML document, comments and all; throws ConfigError if it is not one. */
export function parseYaml(file: string, readFile = readFromDisk): Document {
  let text: string;
  try {
    ({ text } = readFile(resolve(file)));
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ path: '', message: `the file cannot be read (${code})` }]);
  }
  const document = parseDocument(text);
  const faults = [...document.errors, ...document.warnings];
  if (faults.length === 0) return document;
  throw new ConfigError(
    file,
    faults.map(({ message, linePos }) => ({
      path: '',
      message: `${withoutQuotes(message)} (line ${linePos?.[0].line ?? '?'})`,
    })),
  );
}

/** Its value; throws ConfigError when an alias names no anchor, or multiplies without end. */
export function toPlainValue(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigError(file, [{ path: '', message: withoutQuotes((error as Error).message) }]);
  }
}

// What the library quotes of the file, after a colon or in quotation marks, may be a secret.
function withoutQuotes(message: string): string {
  return (message.split(/ at line |[:"'`]/)[0] ?? '').trim();
}
