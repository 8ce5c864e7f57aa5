import type { Registry } from 'prom-client';

/** All metrics of a registry at one moment, as JSON, so that a worker process can send them. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export interface SnapshotSource {
  snapshot(): Promise<MetricsSnapshot>;
}

export function snapshotOf(registry: Registry): SnapshotSource {
  return { snapshot: () => registry.getMetricsAsJSON() };
}
