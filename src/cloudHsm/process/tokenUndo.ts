import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../replaceFile.ts';

/** Files of a SoftHSM token that hold its encrypted PINs and the number of its changes. */
const FILES = '*/{token.object,generation}';

/** Contents of the files in Base64, by path. */
const schema = z.record(z.string(), z.base64());

/**
 * Undoes an unfinished change of PINs. SoftHSM writes its files in place, so a process that is killed during a change can leave a token
 * that no PIN opens. The next start of the cluster undoes the change, which is safe because no client was told that it succeeded.
 */
export class TokenUndo {
  readonly #tokens: string;
  readonly #file: string;

  /** `tokens` is SoftHSM's folder. `file` holds the old contents during a change. */
  constructor(tokens: string, file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  /** Undoes a change that did not finish. SoftHSM must not have read the token yet. */
  restore(): void {
    const text = this.#read();
    if (text === undefined) return;
    const files = Object.entries(schema.parse(JSON.parse(text)));
    // The change was the creation of the token.
    if (files.length === 0) rmSync(this.#tokens, { recursive: true, force: true });
    mkdirSync(this.#tokens, { recursive: true, mode: 0o700 });
    for (const [path, content] of files) writeFileSync(join(this.#tokens, path), Buffer.from(content, 'base64'));
    rmSync(this.#file);
  }

  /** Makes a change that `restore` can undo if this process is killed. */
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
