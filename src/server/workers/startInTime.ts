// Several libraries may wait for their networks, one after the other, before a worker serves without them.
export const START_MS = 600_000;

/** Waits for a start, and calls `onLate` when it takes longer than START_MS: it hangs in a call, and would for ever. */
export async function startInTime(start: Promise<void>, onLate: () => void): Promise<void> {
  const timer = setTimeout(onLate, START_MS);
  try {
    await start;
  } finally {
    clearTimeout(timer);
  }
}
