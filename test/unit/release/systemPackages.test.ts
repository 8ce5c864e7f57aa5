import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const SCRIPT = join(import.meta.dirname, '../../../toolchain/system-packages.sh');

/** The packages that the script installs on a Debian that has none of them. */
async function installed(...args: readonly string[]): Promise<readonly string[]> {
  const folder = temporaryFolder();
  for (const name of ['dirname', 'env', 'grep', 'id', 'ls']) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  for (const name of ['apt-get', 'sudo']) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  const { exitCode, stderr } = await runProgram(['/bin/sh', SCRIPT, ...args], { env: { PATH: folder } });
  expect(exitCode).toBe(0);
  return /^Installing (.*) with apt-get$/m.exec(stderr)?.[1]?.split(' ') ?? [];
}

it.runIf(process.platform === 'linux')('make run installs no package that only tests need', async () => {
  const forRuns = await installed();
  expect(forRuns.filter((name) => name !== 'ca-certificates')).toEqual([
    ...['softhsm2', 'g++', 'make', 'python3', 'curl', 'openssl'],
  ]);
  expect(await installed('tests')).toEqual(expect.arrayContaining([...forRuns, 'jq', 'xxd', 'systemd']));
});
