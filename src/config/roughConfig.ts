import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError } from './problem.ts';

/** What a configuration file says of its key stores and their keys, be the rest right or wrong. */
export interface RoughConfig {
  readonly blockListFile: string | undefined;
  readonly keyStores: readonly RoughKeyStore[];
}

export interface RoughKeyStore {
  readonly name: string;
  readonly uriPathPrefix: string | undefined;
  readonly isBlocked: boolean;
  readonly keys: readonly { readonly id: string; readonly isBlocked: boolean }[];
}

/**
 * Reads what can be read of a configuration file, for commands that must work whatever is wrong with it: no schema, no secrets, no
 * files. Throws ConfigError only if the file itself cannot be read.
 */
export function readRoughly(file: string): RoughConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(file, [{ path: '', message: `the file cannot be read (${code})` }]);
  }
  let written: unknown;
  try {
    // Of a document with errors, the parser gives what it has understood.
    written = parseDocument(text, { logLevel: 'silent' }).toJS();
  } catch {
    // Such as of an alias that names no anchor.
  }
  return {
    blockListFile: textOf(member(member(written, 'blockList'), 'file')),
    keyStores: listOf(member(written, 'keyStores')).flatMap((store) => {
      const name = textOf(member(store, 'name'));
      if (name === undefined) return [];
      const keys = listOf(member(store, 'keys')).flatMap((key) => {
        const id = textOf(member(key, 'id'));
        return id === undefined ? [] : [{ id, isBlocked: isBlocked(key) }];
      });
      return [{ name, uriPathPrefix: textOf(member(store, 'uriPathPrefix')), isBlocked: isBlocked(store), keys }];
    }),
  };
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
