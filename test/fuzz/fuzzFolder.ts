import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a folder for the files that a parser reads, and removes it when the process exits. */
export function fuzzFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-fuzz-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
