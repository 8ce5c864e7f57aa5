import type { Registry } from 'prom-client';

/** All metrics of a registry at one moment, as JSON, so that a worker process can send them. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export interface SnapshotSource {
  /** Collects all metrics, or those with these names. Collecting all takes long if there are thousands of keys. */
  snapshot(names?: readonly string[]): Promise<MetricsSnapshot>;
}

export function snapshotOf(registry: Registry): SnapshotSource {
  return {
    snapshot: (names) =>
      names
        ? Promise.all(names.flatMap((name) => registry.getSingleMetric(name)?.get() ?? []))
        : registry.getMetricsAsJSON(),
  };
}
