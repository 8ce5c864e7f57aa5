import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const TOOLCHAIN = join(import.meta.dirname, '../../../toolchain');

// Says that the module is here and has the hash $SUM, and compiles a program that does nothing.
const GO = `#!/bin/sh
set -e
case $1 in
mod) printf '{\\n\\t"Dir": "%s",\\n\\t"Sum": "%s",\\n\\t"GoModSum": "h1:another"\\n}\\n' "$PWD" "$SUM" ;;
build)
  while [ "$1" != -o ]; do shift; done
  mkdir -p "\${2%/*}"
  printf '#!/bin/sh\\n' >"$2"
  chmod 755 "$2"
  ;;
esac
`;

describe.runIf(process.platform === 'linux').each(['actionlint', 'helm'])('toolchain/%s.sh', (program) => {
  const script = `toolchain/${program}.sh`;
  const [hash = ''] = /h1:\S+/.exec(readFileSync(join(TOOLCHAIN, `${program}.sh`), 'utf8')) ?? [];

  /** Runs the script on a machine that has Go, but not the program. Resolves to whether the script has compiled it. */
  async function compiles(sum: string) {
    const folder = temporaryFolder();
    cpSync(TOOLCHAIN, join(folder, 'toolchain'), { recursive: true });
    for (const name of ['chmod', 'dirname', 'mkdir', 'sed']) symlinkSync(`/usr/bin/${name}`, join(folder, name));
    writeFileSync(join(folder, 'go'), GO, { mode: 0o755 });
    const { stderr } = await runProgram(['/bin/sh', join(folder, script)], { env: { PATH: folder, SUM: sum } });
    return { compiled: existsSync(join(folder, `.${program}/bin/${program}`)), stderr };
  }

  it('compiles the module of its hash', async () => {
    expect((await compiles(hash)).compiled).toBe(true);
  });

  it('does not compile another module, and says so', async () => {
    const { compiled, stderr } = await compiles('h1:another');
    expect(compiled).toBe(false);
    expect(stderr).toContain(`has the hash h1:another and not ${hash}, so it is not compiled.`);
  });
});
