import { parseDocument } from 'yaml';
import { readFromDisk } from './files/configFiles.ts';

/** Key stores, keys and block list that a configuration file names, even if the rest of it is wrong. */
export interface RoughConfig {
  /** Reason why the file may say more than was understood. It continues a sentence that begins with the name of the file. */
  readonly fault: string | undefined;
  /** `uncertain` if the file names a block list in lines that are damaged. */
  readonly blockList: { readonly file: string | undefined } | 'uncertain';
  readonly keyStores: readonly RoughKeyStore[];
}

export interface RoughKeyStore {
  readonly name: string;
  readonly uriPathPrefix: string | undefined;
  readonly isBlocked: boolean;
  readonly keys: readonly { readonly id: string; readonly isBlocked: boolean }[];
}

interface Parsed {
  readonly value: unknown;
  readonly isValid: boolean;
}

/**
 * Reads as much of a configuration file as possible, without schema and secrets. For commands that must work even with a damaged
 * file.
 */
export function readRoughly(file: string): RoughConfig {
  let text: string;
  try {
    // Makes ASCII in UTF-16 readable, by removing its NUL bytes and byte order mark.
    text = readFromDisk(file).text.replaceAll(/[\0\uFEFF\uFFFD]/g, '');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const fault = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    return { fault, blockList: { file: undefined }, keyStores: [] };
  }
  const { value, isValid } = parse(text);
  const keyStores = member(value, 'keyStores');
  // A truncated file may be valid YAML.
  const isWhole = isValid && Array.isArray(keyStores);
  return {
    fault: isWhole ? undefined : 'is damaged',
    blockList: isWhole ? blockListOf(value) : blockListOfLines(text),
    keyStores: listOf(keyStores).flatMap((store) => {
      const name = nameOf(member(store, 'name'));
      if (name === undefined) return [];
      const keys = listOf(member(store, 'keys')).flatMap((key) => {
        const id = nameOf(member(key, 'id'));
        return id === undefined ? [] : [{ id, isBlocked: isBlocked(key) }];
      });
      return [{ name, uriPathPrefix: nameOf(member(store, 'uriPathPrefix')), isBlocked: isBlocked(store), keys }];
    }),
  };
}

/** Parses YAML. If the document has errors, `value` is what the parser has understood. */
function parse(text: string): Parsed {
  const document = parseDocument(text, { logLevel: 'error' });
  try {
    const value: unknown = document.toJS();
    return { value, isValid: document.errors.length === 0 };
  } catch {
    // An alias may name no anchor, for example.
    return { value: undefined, isValid: false };
  }
}

function blockListOf(value: unknown): RoughConfig['blockList'] {
  const file = member(member(value, 'blockList'), 'file');
  return { file: typeof file === 'string' ? file : undefined };
}

/** Reads `blockList` only from its own lines, so that faults in other lines do not matter. */
function blockListOfLines(text: string): RoughConfig['blockList'] {
  if (!/^[^#\r\n]*blockList/m.test(text)) return { file: undefined };
  const lines = text.match(/^["']?blockList["']?[ \t]*:.*(?:\r?\n[ \t].*)*/gm) ?? [];
  const { value, isValid } = parse(lines.join('\n'));
  const blockList = blockListOf(value);
  return isValid && blockList !== 'uncertain' && blockList.file !== undefined ? blockList : 'uncertain';
}

function isBlocked(entry: unknown): boolean {
  return member(entry, 'status') === 'blocked';
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text of a name, unless it has characters that would act on the terminal of `keystore list`. */
function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && !/\p{C}/u.test(value) ? value : undefined;
}
