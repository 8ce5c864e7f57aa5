import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { promisedNames } from '../../support/promisedNames.ts';

type Names = Awaited<ReturnType<typeof promisedNames>>;

const FILE = join(import.meta.dirname, '../../vectors/promised.json');
const promised = JSON.parse(readFileSync(FILE, 'utf8')) as Names;

let names: Names;
beforeAll(async () => {
  names = await promisedNames();
});

describe.each(Object.entries(promised))('%s that 1.x promises', (kind, kept) => {
  it('all exist: docs/compatibility.md says how to announce a change', () => {
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.filter((name) => !names[kind]?.includes(name))).toEqual([]);
  });
});

it('steps of the state file keep their order', () => {
  const { stateFileSteps = [] } = promised;
  expect(names['stateFileSteps']?.slice(0, stateFileSteps.length)).toEqual(stateFileSteps);
});

// New names become promises: `npx vitest run test/unit/release/promises.test.ts --update` adds them to the file.
it('the list of promises includes everything in this version', async () => {
  await expect(`${JSON.stringify(names, null, 2)}\n`).toMatchFileSnapshot(FILE);
});
