import { formatMs, formatNumber } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import { timeChart, type TimeChart } from '../../pages/timeChart.ts';
import { addLatencies, quantileMs, type Latency } from './latency.ts';
import type { Sample } from './sample.ts';
import type { StatusFacts } from './statusFacts.ts';
import { BIN_SECONDS } from './statusHistory.ts';

// KMS gives up on an answer after this time.
const KMS_TIMEOUT = { value: 250, label: 'KMS gives up: 250 ms' };

type Bins = readonly (readonly Sample[])[];

/** Requests and latency of the whole proxy. */
export function chartsSection({ bins }: StatusFacts): Html {
  const all = ({ keyStores }: Sample) => [...keyStores.values()];
  return html`<section>
    <h2>Last half hour</h2>
    <div class="charts">
      ${ratesChart('Requests a second', bins, all)}
      ${latencyChart(bins, (sample) => all(sample).map(({ latency }) => latency))}
    </div>
  </section>`;
}

interface Rated {
  readonly succeeded: number;
  readonly failed: number;
}

/** Requests or operations a second, those that failed on top. */
export function ratesChart(title: string, bins: Bins, countsOf: (sample: Sample) => readonly Rated[]): Html {
  const rates = bins.map((samples) => {
    const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0);
    const counts = samples.flatMap(countsOf);
    return (figure: keyof Rated) =>
      seconds === 0 ? undefined : counts.reduce((sum, each) => sum + each[figure], 0) / seconds;
  });
  return chart({
    title,
    kind: 'bars',
    series: [
      { name: 'success', look: 'plain', values: rates.map((rate) => rate('succeeded')) },
      { name: 'failure', look: 'fail', values: rates.map((rate) => rate('failed')) },
    ],
    format: formatNumber,
  });
}

export function latencyChart(bins: Bins, latenciesOf: (sample: Sample) => readonly Latency[]): Html {
  const latencies = bins.map((samples) => addLatencies(samples.flatMap(latenciesOf)));
  const quantile = (share: number) => latencies.map((latency) => quantileMs(latency, share));
  return chart({
    title: 'Latency',
    kind: 'curves',
    series: [
      { name: 'p99', look: 'warn', values: quantile(0.99) },
      { name: 'p50', look: 'plain', values: quantile(0.5) },
    ],
    format: formatMs,
    limit: KMS_TIMEOUT,
  });
}

export function chart(given: Omit<TimeChart, 'binSeconds'>): Html {
  return timeChart({ ...given, binSeconds: BIN_SECONDS });
}
