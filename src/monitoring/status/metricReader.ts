import type { MetricsSnapshot } from '../metrics/metricsSnapshot.ts';

export interface MetricSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of all processes at one moment, by name. */
export class MetricReader {
  readonly #byName: ReadonlyMap<string, MetricsSnapshot[number]>;

  /** Of snapshots that were made one. */
  constructor(aggregated: MetricsSnapshot) {
    this.#byName = new Map(aggregated.map((metric) => [metric.name, metric]));
  }

  /** Of a histogram, the counts of its buckets. */
  series(name: string): MetricSeries[] {
    const values = this.#byName.get(name)?.values ?? [];
    return values
      .filter((value) => !('metricName' in value) || value.metricName === name || value.metricName === `${name}_bucket`)
      .map(({ labels, value }) => ({ labels: textsOf(labels), value }));
  }

  /** The series that have these labels. */
  with(name: string, labels: Readonly<Record<string, string>>): MetricSeries[] {
    const wanted = Object.entries(labels);
    return this.series(name).filter((series) => wanted.every(([label, value]) => series.labels[label] === value));
  }

  /** The value of the one series; undefined if there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.with(name, labels)[0]?.value;
  }

  /** The values of a label, in their order. */
  labels(name: string, label: string): string[] {
    return [...new Set(this.series(name).map(({ labels }) => labels[label] ?? ''))];
  }
}

function textsOf(labels: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
}
