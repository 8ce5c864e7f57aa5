import { isDeepStrictEqual } from 'node:util';
import { readAgain, type ConfigSnapshot, type ReadConfigFile } from './files/configFiles.ts';

// Reading a few small files costs little, and detects changes that file events miss: swapped links, as in Kubernetes.
const INTERVAL_MS = 2_000;

/**
 * Calls `onChange` when the contents of files differ from those of the last reading, and have been stable for one interval, so
 * that no half-written file is read. Calls it again after each interval until `last` has changed. Returns a function that stops
 * it.
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
