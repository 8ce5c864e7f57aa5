import { Gauge, type Aggregator, type Registry } from 'prom-client';

export interface ReadGaugeOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  /** How the values of several processes are combined. */
  readonly aggregator: Aggregator;
  /** Returns all series. Called at each collection, so that a removed object has no series any longer. */
  readonly read: () => readonly (readonly [labels: Readonly<Record<Label, string>>, value: number])[];
}

export function readGauge<Label extends string>(registry: Registry, options: ReadGaugeOptions<Label>): void {
  const { name, help, labelNames, aggregator, read } = options;
  const gauge = new Gauge<Label>({
    name,
    help,
    labelNames,
    aggregator,
    registers: [registry],
    collect: () => {
      gauge.reset();
      for (const [labels, value] of read()) gauge.set(labels, value);
    },
  });
}
