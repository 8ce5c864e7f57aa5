/** Resolves to the name of the signal when the process is asked to stop. */
export async function stopped(stop: AbortSignal): Promise<string> {
  if (!stop.aborted)
    await new Promise((resolve) => {
      stop.addEventListener('abort', resolve, { once: true });
    });
  return String(stop.reason);
}
