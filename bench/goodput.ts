import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Fault } from '../test/support/faultyModule.ts';
import { runClosedLoop, type Operation } from './goodput/closedLoop.ts';
import { figuresOf, mediansOfRounds, type Figures } from './goodput/figures.ts';
import { table } from './table.ts';
import { SupervisedProxy } from './supervisedProxy.ts';
import { until } from './until.ts';

const USAGE = `Puts more load on a slow HSM than it can serve, and prints the rate of answers that arrive before KMS gives up (250 ms).
Clients send one request after the other. The HSM has 8 sessions, and the key manager a time limit of 200 ms. Every success is
checked; exits with 1 after a wrong answer. A mix can have more than is possible if the proxy prefers decryptions, which cost half.

  make bench-goodput
  node bench/goodput.ts [--seconds 5] [--rounds 3] [--clients N]... [--operation encrypt|decrypt|mix]... [--pause-ms 10]
                        [--delay FUNCTION=MS]... [--other DIR]... [--json]

--seconds    of each measurement, after one second of ramp; 240 at most
--rounds     of all measurements; the figures are medians
--clients    8, 16, 24 and 64 if absent
--operation  encrypt (with CDIV, as KMS asks for it), decrypt, mix (half and half); all if absent
--pause-ms   of each client, between an answer and its next request
--delay      of a PKCS#11 function of the HSM; C_Encrypt=60 and C_Decrypt=60 if absent
--other      another checkout, with its dist built, to measure beside this one, in turn. To compare with a former state:
               git worktree add /tmp/base COMMIT && make -C /tmp/base build && node bench/goodput.ts --other /tmp/base
--json       prints JSON instead of a table

It takes (seconds + 2) * rounds * numbers of clients * operations * checkouts: 4 minutes for one checkout.`;

const SESSIONS = 8;
// `calls` is the old name of `isolation`. Older checkouts know only this name.
const SETTINGS = { calls: 'threadpool', sessions: SESSIONS, timeoutMs: 200 };
const OPERATIONS = ['encrypt', 'decrypt', 'mix'] as const;
const DECRYPTION = ['C_DecryptInit', 'C_Decrypt'];
/** HSM calls of each operation. For the CDIV, the proxy decrypts the ciphertext again. */
const CALLS = { decrypt: DECRYPTION, encrypt: ['C_GenerateRandom', 'C_EncryptInit', 'C_Encrypt', ...DECRYPTION] };
// A signature is valid for five minutes.
const LONGEST_SECONDS = 240;

interface Point {
  readonly operation: Operation;
  readonly clients: number;
}

interface Row extends Point, Figures {
  readonly checkout: string;
  /** Most successes per second with this HSM and number of clients. In a mix, half of the requests are encryptions. */
  readonly possible: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', multiple: true, default: ['8', '16', '24', '64'] },
    operation: { type: 'string', multiple: true, default: [...OPERATIONS] },
    'pause-ms': { type: 'string', default: '10' },
    delay: { type: 'string', multiple: true, default: ['C_Encrypt=60', 'C_Decrypt=60'] },
    other: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const pauseMs = Number(values['pause-ms']);
const seconds = Math.min(Number(values.seconds), LONGEST_SECONDS);
const delays = new Map(
  values.delay.map((text) => {
    const [functionName = '', milliseconds] = text.split('=');
    return [functionName, Number(milliseconds)];
  }),
);

if (values.help) {
  print(USAGE);
} else {
  const rows = await measureAll();
  print(values.json ? JSON.stringify(rows, null, 2) : toTable(rows));
  if (rows.some(({ wrong }) => wrong > 0)) process.exitCode = 1;
}

async function measureAll(): Promise<Row[]> {
  const proxies: { checkout: string; proxy: SupervisedProxy }[] = [];
  try {
    for (const checkout of ['.', ...values.other]) proxies.push({ checkout, proxy: await startProxy(checkout) });
    // Checkouts take turns, so that a disturbance of the machine affects all of them.
    const series = points().flatMap((point) => proxies.map((each) => ({ ...each, point, rounds: [] as Figures[] })));
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      for (const { checkout, proxy, point, rounds } of series) {
        process.stderr.write(`round ${round}: ${checkout}: ${point.operation}, ${point.clients} clients\n`);
        rounds.push(await measure(proxy, point));
      }
    }
    return series.map(({ checkout, point, rounds }) => ({
      ...point,
      checkout,
      possible: possible(point),
      ...mediansOfRounds(rounds),
    }));
  } finally {
    await Promise.all(proxies.map(({ proxy }) => proxy.dispose()));
  }
}

function points(): Point[] {
  const operations = OPERATIONS.filter((operation) => values.operation.includes(operation));
  return operations.flatMap((operation) => values.clients.map((clients) => ({ operation, clients: Number(clients) })));
}

function startProxy(checkout: string): Promise<SupervisedProxy> {
  const faults = [...delays].map(([functionName, milliseconds]): Fault => {
    return { on: functionName as `C_${string}`, does: 'delay', milliseconds };
  });
  const program = checkout === '.' ? {} : { program: resolve(checkout, 'dist/main.js') };
  return SupervisedProxy.start({ hsms: 1, settings: SETTINGS, faults, ...program });
}

async function measure(proxy: SupervisedProxy, { operation, clients }: Point): Promise<Figures> {
  // After an overload, the proxy may leave out the key manager for some time.
  await until('the proxy is well again', () => proxy.isWell());
  const outcome = await runClosedLoop(proxy, operation, { count: clients, pauseMs }, seconds);
  // A restarted proxy has an HSM without delays.
  if (proxy.restarts > 0) throw new Error('the proxy has ended under load');
  return figuresOf(outcome);
}

/** Calculates the most successes: the limit of the sessions, or that of clients whose answers never wait. */
function possible({ operation, clients }: Point): number {
  const operations = operation === 'mix' ? (['encrypt', 'decrypt'] as const) : [operation];
  const took = operations.map((each) => CALLS[each].reduce((sum, name) => sum + (delays.get(name) ?? 0), 0));
  const mean = took.reduce((sum, each) => sum + each, 0) / took.length;
  return 1_000 * Math.min(SESSIONS / mean, clients / (mean + pauseMs));
}

function toTable(rows: readonly Row[]): string {
  const head = [
    'operation',
    'clients',
    'checkout',
    'possible/s',
    'goodput/s',
    'encrypts',
    'late/s',
    '429/s',
    '503/s',
    'failed/s',
  ];
  const times = ['success p50, p99 ms', 'refusal p50, p99 ms'];
  const cells = rows.map((row) => [
    row.operation,
    row.clients,
    row.checkout === '.' ? 'this one' : row.checkout,
    ...[row.possible, row.goodput, row.encrypts, row.late, row.throttled, row.timedOut, row.failed].map((rate) =>
      rate.toFixed(1),
    ),
    `${milliseconds(row.successP50)}, ${milliseconds(row.successP99)}`,
    `${milliseconds(row.refusalP50)}, ${milliseconds(row.refusalP99)}`,
    row.wrong,
    `${(row.generatorBusy * 100).toFixed(0)} %`,
  ]);
  return table([...head, ...times, 'wrong answers', 'generator busy'], cells);
}

function milliseconds(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
