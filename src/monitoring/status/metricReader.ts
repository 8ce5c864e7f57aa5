import type { MetricsSnapshot } from '../metrics/metricsSnapshot.ts';

export interface MetricSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The metrics of all processes at one moment, by name. It indexes the series of a label once, because there may be a thousand key
 * stores.
 */
export class MetricReader {
  readonly #byName: ReadonlyMap<string, MetricsSnapshot[number]>;
  readonly #series = new Map<string, readonly MetricSeries[]>();
  readonly #byLabel = new Map<string, ReadonlyMap<string, readonly MetricSeries[]>>();

  /** `aggregated`: snapshots that were merged into one. */
  constructor(aggregated: MetricsSnapshot) {
    this.#byName = new Map(aggregated.map((metric) => [metric.name, metric]));
  }

  /** The series of a metric; for a histogram, those of its buckets. */
  series(name: string): readonly MetricSeries[] {
    return getOrMake(this.#series, name, () =>
      (this.#byName.get(name)?.values ?? [])
        .filter((value) => !('metricName' in value) || [name, `${name}_bucket`].includes(String(value.metricName)))
        .map(({ labels, value }) => ({ labels: textsOf(labels), value })),
    );
  }

  /** The series by the value of a label, in their order. */
  by(name: string, label: string): ReadonlyMap<string, readonly MetricSeries[]> {
    return getOrMake(this.#byLabel, `${name} ${label}`, () =>
      Map.groupBy(this.series(name), ({ labels }) => labels[label] ?? ''),
    );
  }

  /** Returns the series with these labels, of which at least one must be given. */
  with(name: string, labels: Readonly<Record<string, string>>): readonly MetricSeries[] {
    const [[label, value] = ['', ''], ...others] = Object.entries(labels);
    const found = this.by(name, label).get(value) ?? [];
    return found.filter((series) => others.every(([other, its]) => series.labels[other] === its));
  }

  /** Returns the value of the first series with these labels. Undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined {
    return (labels ? this.with(name, labels) : this.series(name))[0]?.value;
  }
}

export function sumOf(series: readonly MetricSeries[]): number {
  return series.reduce((total, { value }) => total + value, 0);
}

function getOrMake<T>(made: Map<string, T>, name: string, make: () => T): T {
  const value = made.get(name) ?? make();
  made.set(name, value);
  return value;
}

function textsOf(labels: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
}
