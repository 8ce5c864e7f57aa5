import { crc32 } from 'node:zlib';
import type { FuzzTarget } from './fuzzTarget.ts';

// A linear parser takes a few milliseconds for the longest input, instrumented.
const DEFAULT_MAX_CPU_MS = 250;
const PUMPED_ONE_OF = 16;

/**
 * Checks an input. For some inputs, checks also the same input with a part repeated up to the longest input, because
 * quadratic time shows only in long inputs. Throws if a check fails or takes too long.
 */
export function checkInput(target: FuzzTarget, input: Buffer): void {
  checkWithin(target, input);
  const chance = crc32(input);
  if (input.length > 0 && chance % PUMPED_ONE_OF === 0) {
    checkWithin(target, pumped(input, target.maxBytes, Math.floor(chance / PUMPED_ONE_OF)));
  }
}

function checkWithin({ check, maxCpuMs = DEFAULT_MAX_CPU_MS }: FuzzTarget, input: Buffer): void {
  const start = performance.now();
  withoutStacks(() => {
    check(input);
  });
  if (performance.now() - start <= maxCpuMs) return;
  // Other processes or the compiler may have used the time.
  const times = [0, 1, 2].map(() => {
    const before = process.threadCpuUsage();
    withoutStacks(() => {
      check(input);
    });
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  });
  const cpuMs = Math.min(...times);
  if (cpuMs <= maxCpuMs) return;
  const shown = JSON.stringify(input.toString('latin1', 0, 200));
  throw new Error(`takes ${cpuMs.toFixed(0)} ms of CPU time for ${input.length} bytes: ${shown}...`);
}

/** Runs without stack traces, which take most of the time because most inputs are refused with an error. Repeats a failing run with them. */
function withoutStacks(run: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    run();
  } catch (error) {
    Error.stackTraceLimit = stackTraceLimit;
    run();
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The input with a part of one to eight bytes repeated. `choice` selects the part. */
function pumped(input: Buffer, length: number, choice: number): Buffer {
  const start = choice % input.length;
  const end = Math.min(start + 1 + (Math.floor(choice / input.length) % 8), input.length);
  const room = Math.max(length - input.length, 0);
  const pump = Buffer.alloc(room - (room % (end - start)), input.subarray(start, end));
  return Buffer.concat([input.subarray(0, end), pump, input.subarray(end)]);
}
