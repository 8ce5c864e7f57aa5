import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CheckedLoad } from './checkedLoad.ts';
import { FAULT_CLASSES } from './faultClasses.ts';
import { measureFault, type Measured } from './measureFault.ts';
import { table } from './table.ts';
import { SupervisedProxy } from './supervisedProxy.ts';

const USAGE = `Injects faults into HSMs under load, checks every answer, and prints the outcomes that KMS would see.
Two proxies, over one key manager and over two replicated ones, share the load. Exits with 1 after a wrong answer, or a failure
that the contract does not allow.

  make bench-faults
  node bench/faults.ts [--rate 300] [--seconds 5] [--timeout-ms 1000] [--only TEXT]...

--rate        requests in a second, half of them encryptions with CDIV, half decryptions
--seconds     for each fault, at least
--timeout-ms  of each key manager. It is longer than KMS waits, so that a busy machine does not look like an HSM that hangs
--only        the faults whose name contains TEXT`;

const KEY_MANAGERS = [1, 2];
const WARM_UP_MS = 2_000;
// If the pipe of its log is full, a proxy refuses requests, because it cannot record them.
const STALL_MS = 150;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '5' },
    'timeout-ms': { type: 'string', default: '1000' },
    only: { type: 'string', multiple: true, default: [''] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  print(USAGE);
} else {
  const proxies: SupervisedProxy[] = [];
  try {
    const settings = { isolation: 'thread', sessions: 32, timeoutMs: Number(values['timeout-ms']) };
    for (const hsms of KEY_MANAGERS) proxies.push(await SupervisedProxy.start({ hsms, settings }));
    await Promise.all(proxies.map(warmUp));
    const stalls = monitorEventLoopDelay();
    stalls.enable();
    const measured = (await Promise.all(proxies.map(measureAll))).flat();
    print(toTable(measured));
    const bad = measured.filter(({ violations }) => violations.length > 0);
    for (const { fault, keyManagers, violations } of bad) {
      print(`Not allowed: ${violations.join(', ')} (${fault}, key managers: ${keyManagers})`);
    }
    const stallMs = stalls.max / 1e6;
    if (stallMs > STALL_MS) {
      print(
        `This process, which reads the proxies' logs, stood still for ${stallMs.toFixed(0)} ms: the machine is busy.`,
      );
    }
    if (bad.length > 0) process.exitCode = 1;
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.dispose()));
  }
}

/** Sends load at the later rate, without a fault. */
async function warmUp(proxy: SupervisedProxy): Promise<void> {
  const load = new CheckedLoad(proxy, Number(values.rate) / KEY_MANAGERS.length);
  await sleep(WARM_UP_MS);
  await load.stop();
}

async function measureAll(proxy: SupervisedProxy): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const fault of FAULT_CLASSES.filter(({ name }) => values.only.some((text) => name.includes(text)))) {
    process.stderr.write(`${fault.name}, key managers: ${proxy.hsms.length}\n`);
    const load = { rate: Number(values.rate) / KEY_MANAGERS.length, seconds: Number(values.seconds) };
    const one = await measureFault(proxy, fault, load);
    measured.push(one);
    // The effects of one fault must not count for the next.
    if (one.violations.length > 0) await proxy.restart();
  }
  return measured;
}

function toTable(measured: readonly Measured[]): string {
  const head = ['fault', 'key managers', 'sent', 'ok', 'failed', 'wrong answers', 'over 250 ms', 'allowed', 'verdict'];
  const rows = measured.map(({ fault, keyManagers, sent, outcomes, late, rule, violations }) => {
    const failed = [...outcomes].filter(([outcome]) => outcome !== 'ok' && outcome !== 'wrong answer');
    return [
      fault,
      keyManagers,
      sent,
      outcomes.get('ok') ?? 0,
      failed.map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 0,
      outcomes.get('wrong answer') ?? 0,
      late,
      rule.text,
      violations.length === 0 ? 'as allowed' : 'NOT ALLOWED',
    ];
  });
  return table(head, rows);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
