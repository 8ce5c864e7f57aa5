import { isDeepStrictEqual } from 'node:util';
import { readAgain, type ConfigSnapshot, type ReadConfigFile } from './configFiles.ts';

// Reading a few small files costs little, and sees what no file event tells of: links that are swapped, as Kubernetes does.
const INTERVAL_MS = 2_000;

/**
 * Calls `onChange` when the files of the configuration in force read otherwise, and have stayed so for one interval, so that
 * no half-written file is taken. The same contents are reported once. The answer stops it.
 */
export function watchConfig(inForce: () => ConfigSnapshot, read: ReadConfigFile, onChange: () => void): () => void {
  let reported = inForce();
  let seen = reported;
  const look = () => {
    const now = readAgain(inForce(), read);
    const settled = isDeepStrictEqual(now, seen);
    seen = now;
    if (!settled || isDeepStrictEqual(now, reported)) return;
    reported = now;
    if (!isDeepStrictEqual(now, inForce())) onChange();
  };
  const timer = setInterval(look, INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
  };
}
