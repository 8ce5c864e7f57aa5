import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/runProgram.ts';

const BENCH = join(import.meta.dirname, '../../bench/faults.ts');
const FAULTS = [
  'one stale session',
  'all sessions closed',
  'login lost',
  'key handles invalid',
  'CKR_DEVICE_REMOVED of every call for 1 s',
  'every call hangs for 2 s',
  'a bit of each ciphertext flipped',
  'the process aborted by the library',
];
// A time limit that a busy machine alone does not exceed.
const LOAD = ['--rate', '100', '--seconds', '1', '--timeout-ms', '1000'];

it('under load, no answer is wrong, and requests fail only as the contract allows', async () => {
  const only = FAULTS.flatMap((fault) => ['--only', fault]);
  const { exitCode, stdout } = await runProgram([process.execPath, BENCH, ...LOAD, ...only]);
  expect(exitCode, stdout).toBe(0);
  const rows = stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const measured = rows.filter(([, fault = '']) => FAULTS.includes(fault));
  expect(measured).toHaveLength(2 * FAULTS.length);
  for (const [, , , , ok, , wrong, , , verdict] of measured) {
    expect(Number(ok)).toBeGreaterThan(0);
    expect({ wrong, verdict }).toEqual({ wrong: '0', verdict: 'as allowed' });
  }
}, 120_000);
