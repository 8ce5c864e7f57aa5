export interface TimeLimitOptions {
  /** Whether the timer keeps the process from ending. */
  readonly keepsProcess?: boolean;
}

/**
 * Resolves or rejects as `work` does. If `work` takes longer than `milliseconds`, calls `onLate` and returns or throws what it
 * does. Infinity: no limit. `work` is not stopped, and a late rejection of it is ignored.
 */
export function withTimeLimit<T, L>(
  work: Promise<T>,
  milliseconds: number,
  onLate: () => L,
  { keepsProcess = true }: TimeLimitOptions = {},
): Promise<T | L> {
  if (milliseconds === Infinity) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T | L>();
  const timer = setTimeout(
    () => {
      try {
        resolve(onLate());
      } catch (error) {
        reject(error);
      }
    },
    Math.max(0, milliseconds),
  );
  if (!keepsProcess) timer.unref();
  work.then(
    (result) => {
      clearTimeout(timer);
      resolve(result);
    },
    (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    },
  );
  return promise;
}
