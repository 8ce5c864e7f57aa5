import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KEY, type TestBed } from '../testBed.ts';

// The headers of PKCS#11 that pkcs11js is compiled with.
const HEADERS = join(import.meta.dirname, '../../node_modules/pkcs11js/includes');
const SOURCE = join(import.meta.dirname, 'pkcs11Limit.c');
const MODULES = join(import.meta.dirname, '../../test/modules');

export interface Pkcs11Limit {
  readonly rate: number;
  readonly cpuMs: number;
}

/** Makes the calls of an operation in a loop in C, in one thread. Throws an Error with the output of the compiler or the program. */
export async function measurePkcs11(
  { folder, softHsm }: TestBed,
  operation: 'encrypt' | 'decrypt',
  seconds: number,
): Promise<Pkcs11Limit> {
  const program = join(folder, 'pkcs11Limit');
  if (!existsSync(program)) {
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-isystem', HEADERS, '-I', MODULES];
    execFileSync('cc', [...flags, '-o', program, SOURCE, '-ldl'], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  const output = await new Promise<string>((resolve, reject) => {
    const args = [softHsm.module, softHsm.tokenLabel, KEY, operation, String(seconds)];
    const child = execFile(
      program,
      args,
      { env: { ...process.env, ...softHsm.env } },
      (error: Error | null, stdout) => {
        if (error) reject(error);
        else resolve(stdout);
      },
    );
    child.stdin?.end(`${softHsm.pin.reveal()}\n`);
  });
  const [operations = NaN, took = NaN, cpu = NaN] = output.trim().split(' ').map(Number);
  return { rate: operations / took, cpuMs: (cpu * 1_000) / operations };
}
