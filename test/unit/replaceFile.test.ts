import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { replaceFile } from '../../src/replaceFile.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

it('keeps the mode of the file under a strict umask', () => {
  const file = join(temporaryFolder({ list: 'old' }), 'list');
  chmodSync(file, 0o644);
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  replaceFile(file, 'new');
  expect({ text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 }).toEqual({ text: 'new', mode: 0o644 });
});
