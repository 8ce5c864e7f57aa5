import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Remark } from '../problems/problem.ts';
import { isOnReadOnlyMount } from '../files/readOnlyMount.ts';

/** Warnings about files that everyone may write, and about folders in which everyone may replace them. */
export function writableByAll(files: readonly string[]): Remark[] {
  const there = files.flatMap((file) => {
    try {
      return [file, realpathSync(file)];
    } catch {
      return [];
    }
  });
  const open = (path: string) => (statSync(path).mode & 0o002) !== 0 && !isOnReadOnlyMount(path);
  return [
    ...[...new Set(files)]
      .filter((file) => there.includes(file) && open(file))
      .map((file) => `everyone may write ${file}; run: chmod o-w '${file}'`),
    ...[...new Set(there.map((file) => dirname(file)))]
      .filter(open)
      .map((folder) => `everyone may replace files in ${folder}; run: chmod o-w '${folder}'`),
  ].map((message) => ({ keys: [], message }));
}
