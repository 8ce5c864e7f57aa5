import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the files that a parser reads, which goes with the process. */
export function fuzzFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-fuzz-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
