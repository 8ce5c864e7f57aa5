export interface TimeLimitOptions {
  /** Whether the timer keeps the process from ending. */
  readonly keepsProcess?: boolean;
}

/**
 * Resolves or rejects as `work` does, or to what `onLate` returns, or throws what it throws, if `work` takes longer than
 * `milliseconds`. Infinity: no limit. `work` goes on; a late rejection of it is ignored.
 */
export async function withTimeLimit<T, L>(
  work: Promise<T>,
  milliseconds: number,
  onLate: () => L,
  { keepsProcess = true }: TimeLimitOptions = {},
): Promise<T | L> {
  if (milliseconds === Infinity) return work;
  const late = Promise.withResolvers<L>();
  const timer = setTimeout(
    () => {
      try {
        late.resolve(onLate());
      } catch (error) {
        late.reject(error);
      }
    },
    Math.max(0, milliseconds),
  );
  if (!keepsProcess) timer.unref();
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
