import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls `check` with a file that holds the input, for parsers that read files, and removes the file. */
export function withFile(input: Uint8Array, check: (file: string) => void): void {
  const file = join(tmpdir(), `xks-proxy-fuzz-${randomUUID()}`);
  writeFileSync(file, input, { flag: 'wx', mode: 0o600 });
  try {
    check(file);
  } finally {
    rmSync(file);
  }
}
