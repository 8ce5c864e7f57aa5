import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { CommandFailure } from '../cli.ts';

/**
 * Writes a new file, readable by its owner only, and waits until it is on the disk. Throws CommandFailure if it exists or cannot
 * be created.
 */
export function writeNew(file: string, text: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandFailure(code === 'EEXIST' ? `${file} already exists; it is not overwritten` : message);
  }
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(file, { force: true });
    throw new CommandFailure((error as Error).message);
  } finally {
    closeSync(descriptor);
  }
}
