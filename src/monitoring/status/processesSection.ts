import { formatDuration, formatMib, formatNumber, formatShare } from '../../pages/formatFigures.ts';
import { html, type Html } from '../../pages/html.ts';
import type { ProcessReport } from '../processReport.ts';
import { figures, outcome, table } from '../../pages/parts.ts';
import { servingOf, type StatusFacts } from './statusFacts.ts';

const MAIN = 'main';

export function processesSection(facts: StatusFacts): Html {
  const { processes, metrics } = facts;
  // A process with its own metrics that does not serve is the supervisor.
  const isSupervised =
    metrics.value('process_start_time_seconds', { process: MAIN }) !== undefined &&
    !servingOf(facts).some(({ name }) => name === MAIN);
  const own = isSupervised ? [[MAIN, String(facts.pid), outcome('pass', 'supervisor'), ...useOf(facts, MAIN)]] : [];
  return html`<section>
    <h2>Processes</h2>
    ${figures([
      ['serving', String(servingOf(facts).length)],
      ['workers replaced since start', formatNumber(metrics.value('xks_proxy_worker_restarts_total') ?? 0)],
    ])}
    ${table({
      caption: 'Processes',
      columns: ['Process', 'Process id', 'State', 'Uptime', 'Memory', 'CPU, half hour'],
      rows: [...own, ...processes.map((process) => row(facts, process))],
    })}
  </section>`;
}

function row(facts: StatusFacts, process: ProcessReport): (Html | string)[] {
  const pid = String(process.pid ?? '');
  if (process.is !== 'serving') {
    const state = process.is === 'starting' ? outcome('warn', 'starting') : outcome('fail', 'does not answer');
    return ['worker', pid, state, '', '', ''];
  }
  const { ready, problems } = process.readiness;
  const state = ready ? outcome('pass', 'ready') : outcome('fail', 'not ready');
  return [process.name, pid, html`${state} ${problems.join('; ')}`, ...useOf(facts, process.name)];
}

function useOf({ metrics, samples, now }: StatusFacts, process: string): string[] {
  const startedAt = metrics.value('process_start_time_seconds', { process });
  const bytes = metrics.value('process_resident_memory_bytes', { process });
  // A process may have run before the first samples.
  const seen = samples.slice(1);
  const seconds = seen.reduce((sum, sample) => sum + sample.seconds, 0);
  const cpu = seen.reduce((sum, sample) => sum + (sample.cpu.get(process) ?? 0), 0);
  return [
    startedAt === undefined ? '' : formatDuration(now / 1000 - startedAt),
    bytes === undefined ? '' : formatMib(bytes),
    seconds === 0 ? '' : formatShare(cpu / seconds),
  ];
}
