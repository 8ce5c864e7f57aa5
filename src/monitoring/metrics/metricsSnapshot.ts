import type { Registry } from 'prom-client';

/** All metrics of a registry at one moment, as JSON, so that a worker process can send them. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export interface SnapshotSource {
  /** All metrics, or those of these names: to collect all takes long if there are thousands of keys. */
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
