import { parseArgs } from 'node:util';
import { runLoad } from '../src/benchmark/load.ts';
import { prepareRequests } from '../src/benchmark/prepareRequests.ts';
import type { Sample } from '../test/support/exposition.ts';
import { startOwnProxy, type OwnProxy } from './ownProxy.ts';
import { treeFigures } from './processTree.ts';
import { saturate } from './saturate.ts';
import { growthOf, type MinuteFigures } from './soak/judge.ts';
import { table } from './table.ts';
import { createTestBed } from './testBed.ts';

const USAGE = `Keeps our proxy at 70 % of its capacity, and reads its figures from /metrics and /proc each minute.
Exits with 1 if memory or file descriptors grow after the first two minutes, or a request fails.

  node bench/soak.ts [--minutes 10] [--workers 1] [--share 0.7] [--connections 32] [--minute-seconds 60]

The load is Encrypt with CDIV and Decrypt in turn, over HTTPS, at an open-loop rate. It takes five minutes to tell growth.`;

const MEASURE_SECONDS = 10;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: '1' },
    share: { type: 'string', default: '0.7' },
    connections: { type: 'string', default: '32' },
    'minute-seconds': { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) print(USAGE);
else await soak();

async function soak(): Promise<void> {
  const seconds = Number(values['minute-seconds']);
  const connections = Number(values.connections);
  const bed = createTestBed();
  try {
    const proxy = await startOwnProxy(bed, { workers: Number(values.workers) });
    try {
      // Requests are signed anew each time, because a signature is valid for five minutes.
      const prepare = () => prepareRequests(proxy.target, ['encrypt', 'decrypt']);
      const warmUp = { connections, seconds: Math.min(MEASURE_SECONDS, seconds) };
      await saturate(proxy, await prepare(), warmUp);
      const { rate: capacity } = await saturate(proxy, await prepare(), warmUp);
      const rate = Math.max(1, Math.round(capacity * Number(values.share)));
      print(`${capacity.toFixed(0)} answers/s at saturation; the load is ${rate}/s.`);
      const minutes: MinuteFigures[] = [];
      let before = await proxy.metrics();
      for (let minute = 1; minute <= Number(values.minutes); minute += 1) {
        const load = { rate, seconds, connections, stop: new AbortController().signal };
        const { goodput, failures, operations } = await runLoad(proxy.target, await prepare(), load);
        const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
        const p99Ms = Math.max(...operations.map((each) => each.p99Ms));
        const figures = { minute, goodput, failed, p99Ms, ...(await lookAt(proxy, before, seconds)) };
        before = await proxy.metrics();
        minutes.push(figures);
        process.stderr.write(`minute ${minute}: ${goodput.toFixed(0)}/s, PSS ${figures.pss.toFixed(0)} MiB\n`);
      }
      print(toTable(minutes));
      const failed = minutes.reduce((sum, each) => sum + each.failed, 0);
      const growth = growthOf(minutes);
      if (growth.length === 0) print('Too few minutes to detect growth. At least five are needed.');
      for (const { text, isTolerated } of growth) print(`${isTolerated ? 'flat' : 'GROWS'}  ${text}`);
      if (failed > 0) print(`FAILED ${failed} requests`);
      if (failed > 0 || growth.some(({ isTolerated }) => !isTolerated)) process.exitCode = 1;
    } finally {
      await proxy.stop();
    }
  } finally {
    bed.dispose();
  }
}

async function lookAt(proxy: OwnProxy, before: readonly Sample[], seconds: number) {
  const after = await proxy.metrics();
  const { pss, residentMemory, fileDescriptors } = treeFigures(proxy.pid);
  const gcSeconds = (samples: readonly Sample[]) => sum(samples, 'nodejs_gc_duration_seconds_sum');
  return {
    loopMaxMs: max(after, 'nodejs_eventloop_lag_max_seconds') * 1_000,
    loopP99Ms: max(after, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    gc: (gcSeconds(after) - gcSeconds(before)) / seconds,
    pss,
    residentMemory,
    heapUsed: sum(after, 'nodejs_heap_size_used_bytes') / MIB,
    fileDescriptors,
  };
}

function valuesOf(samples: readonly Sample[], wanted: string): number[] {
  return samples.filter(({ name }) => name === wanted).map(({ value }) => value);
}

function sum(samples: readonly Sample[], name: string): number {
  return valuesOf(samples, name).reduce((total, value) => total + value, 0);
}

function max(samples: readonly Sample[], name: string): number {
  return Math.max(...valuesOf(samples, name));
}

function toTable(minutes: readonly MinuteFigures[]): string {
  const head = ['minute', 'answers/s', 'failed', 'p99 ms', 'loop p99 ms', 'loop max ms', 'GC %', 'PSS MiB', 'RSS MiB'];
  return table(
    [...head, 'heap MiB', 'descriptors'],
    minutes.map((each) => [
      each.minute,
      each.goodput.toFixed(0),
      each.failed,
      each.p99Ms.toFixed(1),
      each.loopP99Ms.toFixed(0),
      each.loopMaxMs.toFixed(0),
      (each.gc * 100).toFixed(1),
      ...[each.pss, each.residentMemory, each.heapUsed].map((mebibytes) => mebibytes.toFixed(0)),
      each.fileDescriptors,
    ]),
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
