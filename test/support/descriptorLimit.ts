import { execFileSync } from 'node:child_process';

/** Lets a process open no more descriptors, until the function that it returns is called. */
export function allowNoMoreDescriptors(pid: number | undefined): () => void {
  const limit = (descriptors: number) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${descriptors}:`]);
  // Standard input, output and error stay open, so none is ever free below this.
  limit(3);
  return () => {
    limit(1_024);
  };
}
