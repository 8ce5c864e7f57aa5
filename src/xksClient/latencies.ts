/** Milliseconds that KMS waits for an answer. Spec, "KMS Considerations": "within 250ms, KMS will time out". */
export const KMS_TIMEOUT_MS = 250;

/** Returns the nearest-rank percentile of samples in ascending order. 0 if there are none. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(Math.ceil((percent / 100) * sorted.length), 1) - 1] ?? 0;
}
