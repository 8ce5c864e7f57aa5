import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { failure, ok, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Checks whether the audit log can be written, without writing to it. */
export function* checkAudit({ config: { audit } }: LoadedContext): Generator<Finding> {
  if (!audit) {
    yield ok('audit', 'no audit log: records go to the log stream only');
    return;
  }
  // When serve starts, it creates the missing folders.
  let folder = audit.directory;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    yield ok('audit', `${audit.directory} can be written`);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    yield failure('audit', `${folder} cannot be written (${code})`, 'make it writable for the user that runs serve');
  }
}
