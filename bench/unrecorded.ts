import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { auditRecords, missingFrom, recordsOf } from '../test/support/auditRecords.ts';
import { RecordedLoad } from '../test/support/recordedLoad.ts';
import { table } from './table.ts';
import { RecordingProxy, type RecordingOptions } from './recordingProxy.ts';

const USAGE = `Kills proxies under load, or removes their logs, and compares answers with records. Exits with 1 if an answer has no record.

  make build && node bench/unrecorded.ts [--runs 10] [--clients 16] [--only TEXT]`;

interface Fault extends RecordingOptions {
  readonly name: string;
  readonly workers?: number;
  /** What happens under load. */
  readonly happens: (proxy: RecordingProxy) => Promise<void>;
}

const kill = (proxy: RecordingProxy) => proxy.signal('SIGKILL');
const stop = (proxy: RecordingProxy) => proxy.signal('SIGTERM');
async function pauseAndKill(proxy: RecordingProxy): Promise<void> {
  proxy.pauseReading();
  await sleep(1_000);
  const ended = kill(proxy);
  await sleep(100);
  proxy.resumeReading();
  await ended;
}
const QUICK = { checkpointSeconds: 0.1, segmentRecords: 300 };

const FAULTS: readonly Fault[] = [
  { name: 'SIGKILL of the one process, sync never', audit: { ...QUICK, sync: 'never' }, happens: kill },
  { name: 'SIGKILL of the one process, sync interval', audit: QUICK, happens: kill },
  { name: 'SIGKILL of the one process, sync always', audit: { ...QUICK, sync: 'always' }, happens: kill },
  { name: 'SIGTERM of the one process', audit: QUICK, happens: stop },
  { name: 'SIGKILL of the supervisor of 3 workers', workers: 3, audit: QUICK, happens: kill },
  {
    name: 'SIGKILL of one of 5 workers, then SIGTERM',
    workers: 5,
    audit: QUICK,
    happens: async (proxy) => {
      process.kill(proxy.workers.at(Math.floor(Math.random() * 5)) ?? NaN, 'SIGKILL');
      await sleep(300);
      await stop(proxy);
    },
  },
  {
    name: 'the reader of standard output pauses for 1 s, then SIGKILL',
    audit: QUICK,
    happens: pauseAndKill,
  },
  {
    name: 'the same with 3 workers',
    workers: 3,
    audit: QUICK,
    happens: pauseAndKill,
  },
  {
    name: 'the audit directory is on a full file system, then SIGKILL',
    audit: QUICK,
    happens: async (proxy) => {
      await sleep(2_000);
      await kill(proxy);
    },
  },
  {
    name: 'no file may grow beyond 100 KiB (RLIMIT_FSIZE), then SIGKILL',
    audit: { checkpointSeconds: 0.1 },
    command: ['prlimit', '--fsize=102400'],
    happens: async (proxy) => {
      await sleep(1_000);
      await kill(proxy);
    },
  },
  {
    name: 'the audit directory is moved away for 1 s, then SIGKILL',
    audit: QUICK,
    happens: async (proxy) => {
      renameSync(proxy.directory, `${proxy.directory}.away`);
      await sleep(1_000);
      renameSync(`${proxy.directory}.away`, proxy.directory);
      await sleep(700);
      await kill(proxy);
    },
  },
];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    clients: { type: 'string', default: '16' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const rows: (string | number)[][] = [];
  for (const fault of FAULTS.filter(({ name }) => name.includes(values.only))) {
    process.stderr.write(`${fault.name}\n`);
    rows.push([fault.name, ...(await measure(fault, Number(values.runs), Number(values.clients)))]);
  }
  const head = ['fault', 'runs', 'answered 200', 'other answers', 'missing in the stream', 'missing in the audit log'];
  process.stdout.write(`${table(head, rows)}\n`);
  if (rows.some((row) => row.at(-1) !== 0 || row.at(-2) !== 0)) process.exitCode = 1;
}

async function measure({ workers = 1, happens, ...fault }: Fault, runs: number, clients: number): Promise<number[]> {
  let [answered, others, unstreamed, unlogged] = [0, 0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const proxy = new RecordingProxy({ ...fault, server: { workers } });
    const isFull = fault.name.includes('full file system');
    if (isFull) {
      mkdirSync(proxy.directory, { mode: 0o700 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', proxy.directory]);
    }
    try {
      await proxy.start(workers);
      const load = new RecordedLoad(proxy, clients);
      await sleep(200 + Math.random() * 400);
      await happens(proxy);
      await load.stop();
      const { successes } = load;
      answered += successes.length;
      others += load.answers.size - successes.length;
      unstreamed += missingFrom(recordsOf(`${proxy.lines.join('\n')}\n`), successes).length;
      unlogged += missingFrom(auditRecords(proxy.directory), successes).length;
    } finally {
      await proxy.signal('SIGKILL').catch(() => undefined);
      if (isFull) execFileSync('umount', ['-l', proxy.directory]);
      proxy.dispose();
    }
  }
  return [runs, answered, others, unstreamed, unlogged];
}
