import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../replaceFile.ts';

/** Files that hold the PINs of a token of SoftHSM, encrypted, and the count of its changes. */
const FILES = '*/{token.object,generation}';

/** Contents in Base64 by path. */
const schema = z.record(z.string(), z.base64());

/**
 * The undo of a change of PINs. SoftHSM writes its files in place, so a process that is killed meanwhile leaves a token that no PIN
 * opens. The change is taken back when the cluster starts again; nobody has been told that it succeeded.
 */
export class TokenUndo {
  readonly #tokens: string;
  readonly #file: string;

  /** `tokens` is SoftHSM's folder, `file` where to keep the undo during a change. */
  constructor(tokens: string, file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  /** Takes back a change that did not come to its end. SoftHSM must not have read the token yet. */
  restore(): void {
    const text = this.#read();
    if (text === undefined) return;
    const files = Object.entries(schema.parse(JSON.parse(text)));
    // The token itself was being made.
    if (files.length === 0) rmSync(this.#tokens, { recursive: true, force: true });
    mkdirSync(this.#tokens, { recursive: true, mode: 0o700 });
    for (const [path, content] of files) writeFileSync(join(this.#tokens, path), Buffer.from(content, 'base64'));
    rmSync(this.#file);
  }

  /** Makes a change. */
  during(change: () => void): void {
    const paths = globSync(FILES, { cwd: this.#tokens });
    const files = paths.map((path) => [path, readFileSync(join(this.#tokens, path), 'base64')]);
    replaceFile(this.#file, JSON.stringify(Object.fromEntries(files)));
    change();
    rmSync(this.#file);
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
