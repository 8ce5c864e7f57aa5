import { hostname } from 'node:os';
import { refusalOf } from '../../pages/admitBrowser.ts';
import { EventStreams } from '../../pages/eventStreams.ts';
import type { Readiness } from '../../keyStores/readiness.ts';
import { Repetition } from '../../timing/repetition.ts';
import { version } from '../../version.ts';
import { aggregateSnapshots } from '../metrics/aggregateMetrics.ts';
import type { MetricsSnapshot } from '../metrics/metricsSnapshot.ts';
import { text, type Answer, type MonitoringOptions } from '../monitoringListener.ts';
import type { ProcessReport } from '../processReport.ts';
import { MetricReader } from './metricReader.ts';
import { SHOWN_METRICS, statusFacts, type StatusFacts } from './statusFacts.ts';
import { StatusHistory } from './statusHistory.ts';
import { STATUS_PATHS } from './statusPaths.ts';

export interface StatusOptions {
  /** Hosts under which browsers may open the page, in addition to localhost and loopback addresses. */
  readonly hosts: readonly string[];
  readonly readiness: () => Readiness;
  readonly processes: () => Promise<readonly ProcessReport[]>;
  /** Returns the metrics with these names, of all processes. */
  readonly collect: (names: readonly string[]) => Promise<readonly MetricsSnapshot[]>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called when figures cannot be collected. */
  readonly onError: (error: unknown) => void;
}

export interface StatusPages {
  readonly answer: NonNullable<MonitoringOptions['status']>;
  stop(): void;
}

/** Between two events of the streams. */
const EVENT_MS = 2_000;

/**
 * Serves the status page, and keeps samples of the last half hour from now on. The code that draws the page is loaded on demand.
 */
export function startStatus({ hosts, readiness, processes, collect, clock, onError }: StatusOptions): StatusPages {
  const history = new StatusHistory({ collect, clock, stopwatch: () => performance.now(), onError });
  history.start();
  const find = async (): Promise<StatusFacts> => {
    const [reports, snapshots] = await Promise.all([processes(), collect(SHOWN_METRICS)]);
    const metrics = new MetricReader(await aggregateSnapshots(snapshots));
    const { samples } = history;
    const [now, bins] = [clock(), history.bins()];
    const known = { hostname: hostname(), pid: process.pid, version, now, readiness: readiness(), processes: reports };
    return statusFacts({ ...known, metrics, samples, bins });
  };
  // Only one collection runs at a time, however many pages ask.
  let finding: Promise<StatusFacts> | undefined;
  const facts = (): Promise<StatusFacts> => {
    finding ??= find().finally(() => {
      finding = undefined;
    });
    return finding;
  };

  const streams = new EventStreams(() => performance.now());
  const updates = new Repetition(
    async () => {
      if (streams.size === 0) return;
      const { renderMain } = await import('./statusAssets.ts');
      await facts().then((found) => {
        streams.send(renderMain(found));
      }, onError);
    },
    () => EVENT_MS,
  );

  const answer: StatusPages['answer'] = async (request, response): Promise<Answer | undefined> => {
    const refused = refusalOf(request, hosts, 'monitoring.statusHosts adds one');
    if (refused) return text(...refused);
    const { assetAt, renderPage } = await import('./statusAssets.ts');
    if (request.url === STATUS_PATHS.page) return renderPage(await facts());
    if (request.url !== STATUS_PATHS.events) return assetAt(request.url) ?? text(404, 'not found');
    if (!streams.open(response)) return text(503, 'too many pages are open');
    updates.runIn(0);
    return undefined;
  };
  return {
    answer,
    stop: () => {
      history.stop();
      updates.stop();
    },
  };
}
