import { isDeepStrictEqual } from 'node:util';
import { readAgain, type ConfigSnapshot, type ReadConfigFile } from './files/configFiles.ts';

// Reading a few small files costs little, and sees what no file event tells of: links that are swapped, as Kubernetes does.
const INTERVAL_MS = 2_000;

/**
 * Calls `onChange` when files read otherwise than when they were read last, and have stayed so for one interval, so that no
 * half-written file is taken; again after each interval, until `last` has changed. The answer stops it.
 */
export function watchConfig(last: () => ConfigSnapshot, read: ReadConfigFile, onChange: () => void): () => void {
  let seen = last();
  const timer = setInterval(() => {
    const now = readAgain(last(), read);
    const isSettled = isDeepStrictEqual(now, seen);
    seen = now;
    if (isSettled && !isDeepStrictEqual(now, last())) onChange();
  }, INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
  };
}
