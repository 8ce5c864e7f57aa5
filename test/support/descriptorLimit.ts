import { execFileSync } from 'node:child_process';

/** Prevents a process from opening descriptors until the returned function is called. */
export function allowNoMoreDescriptors(pid: number | undefined): () => void {
  const limit = (descriptors: number) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`]);
  // Standard input, output and error stay open, so no descriptor below this number is free.
  limit(3);
  return () => {
    limit(1_024);
  };
}
