import { parseArgs } from 'node:util';
import { ProxyFiles, runCommand, RunningProxy } from '../test/support/runningProxy.ts';
import { SteadyLoad } from '../test/support/steadyLoad.ts';
import { table } from './table.ts';
import { until } from './until.ts';

const HELP = `Blocks a key under load, and prints how long it takes until each worker refuses it.

  node bench/block.ts [--runs 20] [--workers 4] [--clients 16]

Each run starts xks-proxy key block, and unblocks the key when all workers have refused it. Times are from the start of the
command, half of which is the start of its process, and from its end. Exits with 1 if a worker serves the key after it has refused it,
or answers with another error.`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    workers: { type: 'string', default: '4' },
    clients: { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});

interface Request {
  readonly worker: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly errorName: string | undefined;
}

async function main(): Promise<void> {
  const [runs, workers, clients] = [Number(values.runs), Number(values.workers), Number(values.clients)];
  const files = new ProxyFiles();
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers } });
  const proxy = await RunningProxy.start(files);
  const key = ['foo', '--key-store', 'first', '--config', files.configFile];
  const requests = (from: number): Request[] =>
    proxy.log
      .slice(from)
      .flatMap(({ msg, worker, time, errorName }) =>
        msg === 'request'
          ? [{ worker: worker as number, at: Date.parse(time as string), errorName: errorName as string | undefined }]
          : [],
      );
  const workersThat = (from: number, errorName: string | undefined) =>
    new Set(
      requests(from)
        .filter((request) => request.errorName === errorName)
        .map(({ worker }) => worker),
    ).size;
  const rows: (string | number)[][] = [];
  let isWrong = false;
  await until('all workers serve', () => proxy.log.filter(({ msg }) => msg === 'a worker serves').length === workers);
  const load = new SteadyLoad(proxy, clients);
  for (let run = 1; run <= runs; run += 1) {
    const served = proxy.log.length;
    await until('all workers serve the key', () => workersThat(served, undefined) === workers);
    const from = proxy.log.length;
    const startedAt = Date.now();
    await runCommand(['key', 'block', ...key]);
    const endedAt = Date.now();
    await until('all workers refuse the key', () => workersThat(from, 'InvalidStateException') === workers);
    const seen = [...Map.groupBy(requests(from), ({ worker }) => worker).values()];
    const firsts = seen.map((each) => each.find(({ errorName }) => errorName === 'InvalidStateException')?.at ?? NaN);
    const isClean = seen.every((each) => {
      const first = each.findIndex(({ errorName }) => errorName !== undefined);
      return each.every(({ errorName }, index) => errorName === (index < first ? undefined : 'InvalidStateException'));
    });
    isWrong ||= !isClean;
    const [first, last] = [Math.min(...firsts), Math.max(...firsts)];
    rows.push([run, first - startedAt, last - startedAt, last - endedAt, isClean ? 'yes' : 'NO']);
    await runCommand(['key', 'unblock', ...key]);
  }
  const { sent, outcomes } = await load.stop();
  await proxy.dispose();
  const head = [
    'run',
    'first worker, ms from start',
    'last worker, ms from start',
    'last worker, ms from end',
    'clean',
  ];
  process.stdout.write(
    `${table(head, rows)}\n${sent} requests: ${[...outcomes].map(([outcome, count]) => `${count} × ${outcome}`).join(', ')}\n`,
  );
  if (isWrong) process.exitCode = 1;
}

if (values.help) process.stdout.write(`${HELP}\n`);
else await main();
