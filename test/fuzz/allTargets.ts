import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FuzzTarget } from './fuzzTarget.ts';

const FOLDER = join(import.meta.dirname, 'targets');

/** Names of all targets, which are their file names. */
export const targetNames: readonly string[] = globSync('*.ts', { cwd: FOLDER })
  .map((file) => basename(file, '.ts'))
  .sort();

export async function loadTarget(name: string): Promise<FuzzTarget> {
  const { target } = (await import(join(FOLDER, `${name}.ts`))) as { target: FuzzTarget };
  return target;
}
