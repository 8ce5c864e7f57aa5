/** Milliseconds of a clock that all threads of this machine share. performance.now() starts at 0 in each thread. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
