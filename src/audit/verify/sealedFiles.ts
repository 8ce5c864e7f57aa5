import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256Of, type FileDigest } from '../log/setAside.ts';

/** Returns the files of a sealed log that no longer match the first record of its successor. */
export function changedFiles(folder: string, files: readonly FileDigest[]): string[] {
  return files.filter((file) => !isUnchanged(join(folder, basename(file.name)), file)).map(({ name }) => name);
}

function isUnchanged(path: string, { bytes, sha256 }: FileDigest): boolean {
  return existsSync(path) && statSync(path).size === bytes && sha256Of(path) === sha256;
}
