/** Returns what was counted since `was`. A count that has fallen started again. */
export function increase(now: number, was = 0): number {
  return now >= was ? now - was : now;
}
