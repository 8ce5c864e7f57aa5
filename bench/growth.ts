import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runLoad } from '../src/benchmark/load.ts';
import { prepareRequests } from '../src/benchmark/prepareRequests.ts';
import { createFaultyModule } from '../test/support/faultyModule.ts';
import { POLICY, startOwnProxy, type OwnProxy, type OwnProxyOptions } from './ownProxy.ts';
import { saturate } from './saturate.ts';
import { mediansOf } from './statistics.ts';
import { fixed, table } from './table.ts';
import { createTestBed, type TestBed } from './testBed.ts';

const USAGE = `Measures our proxy with growing numbers of keys, key stores, policies and connections, and growing payload and HSM delay. Encrypt with CDIV
over HTTPS, one process, with metrics, log and audit log. Prints one table for each dimension.

  make bench-growth
  node bench/growth.ts [--seconds 3] [--rounds 3] [--only ROWS]... [--json]

--only  rows whose name, "DIMENSION: SETTING", contains ROWS, such as "policies" or "keys: 1000"

answers/s and CPU are at saturation, p99 at half of that rate (open loop, from when a request was due). "reload ms" is the longest delay of the event
loop while the configuration is reloaded; it is some 20 ms even at rest. The HSM's delay is that of each C_Encrypt and each C_Decrypt, of which an Encrypt
with CDIV makes one each. "-" is a proxy that did not start within 5 minutes. It takes 20 minutes or more, most of them with 10,000 keys,
which are made several times faster with TMPDIR=/dev/shm.`;

/** Settings of one line of a table. */
interface Setting {
  readonly name: string;
  readonly options?: OwnProxyOptions;
  readonly keys?: number;
  readonly plaintextBytes?: number;
  readonly connections?: number;
  readonly hsmDelayMs?: number;
}

interface Figures {
  readonly rate: number;
  readonly cpuMs: number;
  readonly p99Ms: number;
  readonly startMs: number;
  readonly reloadMs: number;
}

// Figures of a proxy that does not start.
const UNKNOWN: Figures = { rate: NaN, cpuMs: NaN, p99Ms: NaN, startMs: NaN, reloadMs: NaN };
const CONNECTIONS = 32;
const SETTLE_MS = 500;

const DIMENSIONS: Readonly<Record<string, readonly Setting[]>> = {
  keys: [10, 1_000, 10_000].map((keys) => ({ name: `${keys} in configuration and token`, keys })),
  'key stores': [1, 100].map((count) => ({ name: String(count), options: { moreKeyStores: count - 1 } })),
  policies: [0, 10, 1_000].map((count) => ({ name: String(count), options: { policy: policiesOf(count) } })),
  payload: [32, 4_096].map((plaintextBytes) => ({ name: `${plaintextBytes} bytes`, plaintextBytes })),
  connections: [8, 128, 1_000].map((connections) => ({ name: String(connections), connections })),
  'HSM delay': [1, 5, 20].flatMap((hsmDelayMs) =>
    [8, 16, 32, 64].map((sessions) => ({
      name: `${hsmDelayMs} ms, ${sessions} sessions`,
      hsmDelayMs,
      connections: 128,
      options: { pkcs11: { isolation: 'thread', sessions } },
    })),
  ),
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [''] },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);

if (values.help) print(USAGE);
else await measureAll();

async function measureAll(): Promise<void> {
  const all: Record<string, (Figures & { readonly setting: string })[]> = {};
  for (const [dimension, settings] of Object.entries(DIMENSIONS)) {
    const wanted = settings.filter(({ name }) => values.only.some((text) => `${dimension}: ${name}`.includes(text)));
    if (wanted.length === 0) continue;
    const series = wanted.map((setting) => ({ setting, bed: makeBed(setting), rounds: [] as Figures[] }));
    try {
      for (let round = 1; round <= Number(values.rounds); round += 1) {
        for (const { setting, bed, rounds } of series) {
          if (rounds.includes(UNKNOWN)) continue;
          process.stderr.write(`round ${round}: ${dimension}: ${setting.name}\n`);
          const figures = await measure(bed, setting).catch((error: unknown) => {
            process.stderr.write(`${String(error)}\n`);
            return undefined;
          });
          rounds.push(figures ?? UNKNOWN);
        }
      }
    } finally {
      for (const { bed } of series.toReversed()) bed.dispose();
    }
    const rows = series.map(({ setting, rounds }) => ({ setting: setting.name, ...mediansOf(rounds) }));
    all[dimension] = rows;
    if (!values.json) print(`${toTable(dimension, rows)}\n`);
  }
  if (values.json) print(JSON.stringify(all, null, 2));
}

async function measure(bed: TestBed, setting: Setting): Promise<Figures> {
  const { keys = 1, plaintextBytes = 32, connections = CONNECTIONS, hsmDelayMs } = setting;
  const slow = hsmDelayMs === undefined ? undefined : createFaultyModule(bed.softHsm);
  const options = {
    ...setting.options,
    moreKeys: moreKeysOf(keys),
    pkcs11: { ...setting.options?.pkcs11, ...(slow && { module: slow.module }) },
  };
  const proxy = await startOwnProxy(bed, options);
  try {
    for (const on of ['C_Encrypt', 'C_Decrypt'] as const) {
      slow?.inject({ on, does: 'delay', milliseconds: hsmDelayMs ?? 0 });
    }
    const prepare = () => prepareRequests(proxy.target, ['encrypt'], { plaintextBytes });
    await saturate(proxy, await prepare(), { connections, seconds: Math.min(1, seconds) });
    const { rate, cpuMs } = await saturate(proxy, await prepare(), { connections, seconds });
    const half = { rate: Math.max(1, rate / 2), seconds, connections, stop: new AbortController().signal };
    const { operations } = await runLoad(proxy.target, await prepare(), half);
    slow?.clear();
    const reloadMs = await measureReload(proxy, options);
    return { rate, cpuMs, p99Ms: operations[0]?.p99Ms ?? NaN, startMs: proxy.startedInMs, reloadMs };
  } finally {
    slow?.clear();
    await proxy.stop();
    slow?.dispose();
  }
}

/** Reloads, and reads the longest delay of the event loop since the last scrape, which was before the reload. */
async function measureReload(proxy: OwnProxy, options: OwnProxyOptions): Promise<number> {
  const { policy = POLICY } = options;
  const one = '@id("reload")\npermit (principal in Account::"999999999999", action, resource);\n';
  await sleep(SETTLE_MS);
  await proxy.metrics();
  await proxy.reload({ ...options, quota: 999_999, policy: policy === '' ? '' : `${policy}${one}` });
  await sleep(SETTLE_MS);
  const delays = (await proxy.metrics()).filter(({ name }) => name === 'nodejs_eventloop_lag_max_seconds');
  return Math.max(...delays.map(({ value }) => value)) * 1_000;
}

function makeBed({ keys = 1 }: Setting): TestBed {
  const bed = createTestBed();
  bed.softHsm.importKeys(moreKeysOf(keys), Buffer.alloc(32, 9));
  return bed;
}

/** Returns ids and labels of the keys in addition to the one that is used. */
function moreKeysOf(keys: number): string[] {
  return Array.from({ length: keys - 1 }, (_, index) => `key-${index}`);
}

/** Makes this number of policies, of which one permits the requests. */
function policiesOf(count: number): string {
  const others = Array.from(
    { length: Math.max(0, count - 1) },
    (_, index) => `@id("account-${index}")
permit (principal in Account::"${200_000_000_000 + index}", action in [Action::"Encrypt", Action::"Decrypt"], resource);`,
  );
  return count === 0 ? '' : `${POLICY}${others.join('\n')}\n`;
}

function toTable(dimension: string, rows: readonly (Figures & { readonly setting: string })[]): string {
  return table(
    [dimension, 'answers/s', 'CPU ms each', 'p99 ms at half', 'start ms', 'reload ms'],
    rows.map(({ setting, rate, cpuMs, p99Ms, startMs, reloadMs }) => [
      setting,
      ...[fixed(rate, 0), fixed(cpuMs, 3), fixed(p99Ms, 1), fixed(startMs, 0), fixed(reloadMs, 0)],
    ]),
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
