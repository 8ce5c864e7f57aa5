import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  createCertificateAuthority,
  issueClientCertificate,
  issueServerCertificate,
} from '../certs/issueCertificate.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';
import { CheckedLoad, type Sent } from './checkedLoad.ts';
import { allowance } from './neverDown/allowance.ts';
import { Fleet } from './neverDown/fleet.ts';
import { KmsClient } from './neverDown/kmsClient.ts';
import { LoadBalancer } from './neverDown/loadBalancer.ts';
import { PHASES, type Certificates, type Phase, type Scene } from './neverDown/phases.ts';
import { processFigures, type TreeFigures } from './processTree.ts';
import type { Kill } from './neverDown/proxyInstance.ts';
import { table } from './table.ts';
import { phaseTable, processTable } from './neverDown/tables.ts';

const USAGE = `Kills workers, rotates everything that can be rotated, and replaces a proxy, under a steady load through a load balancer.
Checks every answer and prints the failed requests, and why each failure was allowed. Exits with 1 after a wrong answer, a failure
that is not allowed, or a change that does not take effect.

  make bench-never-down
  node bench/neverDown.ts [--minutes 3] [--rate 300] [--only TEXT]...

--minutes  least duration of all phases together
--rate     requests in a second, half of them encryptions with CDIV, half decryptions
--only     the phases whose name contains TEXT`;

const WARM_UP_MS = 2_000;
const SETTLE_MS = 1_000;

interface Marked {
  readonly phase: Phase;
  /** Milliseconds, by performance.now(). */
  readonly from: number;
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    rate: { type: 'string', default: '300' },
    only: { type: 'string', multiple: true, default: [''] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) print(USAGE);
else await run(Number(values.minutes), Number(values.rate));

async function run(minutes: number, rate: number): Promise<void> {
  const certificates = makeCertificates();
  const identity = { credential: newCredential(), certificate: certificates.client };
  const balancer = await LoadBalancer.start();
  const client = new KmsClient(balancer, certificates.ca.certificate, identity);
  const fleet = new Fleet(balancer, {
    credential: identity.credential,
    server: certificates.server,
    clientCa: certificates.clientCa.certificate,
    known: client.known.value,
  });
  try {
    progress('start');
    await fleet.start();
    const phases = PHASES.filter(({ name }) => values.only.some((text) => name.includes(text)));
    const kills: Kill[] = [];
    const kill: Scene['kill'] = (instance) => kills.push(instance.killWorker());
    const scene = { fleet, client, certificates, kill, seconds: (minutes * 60) / phases.length };
    const before = figuresOf(fleet);
    const { sent, marks, failure } = await underLoad(phases, scene, rate);
    report(sent, marks, kills);
    client.close();
    await sleep(SETTLE_MS);
    print(processTable(before, figuresOf(fleet)));
    print(await countTable(fleet, client));
    print(complaintTable(fleet));
    const bad = sent.filter((each) => each.outcome !== 'ok' && allowance(each, kills) === undefined);
    if (bad.length > 0) print(`NOT ALLOWED: ${bad.length} requests`);
    if (failure) print(`FAILED: ${failure.stack ?? failure.message}`);
    if (bad.length > 0 || failure) process.exitCode = 1;
  } finally {
    client.close();
    await fleet.dispose();
    await balancer.close();
  }
}

/** Runs the phases one after another, until one fails. */
async function underLoad(phases: readonly Phase[], scene: Scene, rate: number) {
  const load = new CheckedLoad(scene.client, rate);
  const marks: Marked[] = [];
  let failure: Error | undefined;
  try {
    await sleep(WARM_UP_MS);
    for (const phase of phases) {
      progress(phase.name);
      const from = performance.now();
      marks.push({ phase, from });
      await phase.run(scene);
      await sleep(Math.max(0, from + scene.seconds * 1_000 - performance.now()));
    }
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  await load.stop();
  return { sent: load.sent, marks, failure };
}

function makeCertificates(): Certificates {
  const [ca, clientCa, nextClientCa] = [
    createCertificateAuthority(),
    createCertificateAuthority(),
    createCertificateAuthority(),
  ];
  return {
    ca,
    server: issueServerCertificate(ca),
    nextServer: issueServerCertificate(ca),
    clientCa,
    client: issueClientCertificate(clientCa),
    nextClientCa,
    nextClient: issueClientCertificate(nextClientCa),
  };
}

function report(sent: readonly Sent[], marks: readonly Marked[], kills: readonly Kill[]): void {
  const [first] = marks;
  const during = (from: number, to: number) => sent.filter(({ at }) => at >= from && at < to);
  const rows = marks.map(({ phase, from }, index) => ({
    phase: phase.name,
    sent: during(from, marks[index + 1]?.from ?? Infinity),
  }));
  const warmUp = { phase: 'warm-up', sent: during(0, first?.from ?? Infinity) };
  print(phaseTable([warmUp, ...rows, { phase: 'all', sent }], kills));
  print(`workers killed: ${kills.length}`);
}

function figuresOf({ instances }: Fleet): Map<string, TreeFigures> {
  const processes = instances.flatMap((instance) => [...instance.processIds]);
  return new Map(processes.map(([name, pid]) => [name, processFigures(pid)]));
}

/** Compares the answers that the client has with the numbers of the proxies. */
async function countTable({ former, instances }: Fleet, client: KmsClient): Promise<string> {
  const counted = async (instance: Fleet['instances'][number]) => {
    const samples = (await instance.metrics()).filter(({ name }) => name === 'xks_proxy_requests_total');
    return samples.reduce((sum, { value }) => sum + value, 0);
  };
  const rows = [
    ...former.map((each) => [each.name, client.answersOf(each), each.requests, 'ended']),
    ...(await Promise.all(
      instances.map(async (each) => [each.name, client.answersOf(each), each.requests, await counted(each)]),
    )),
  ];
  return table(['target', 'answers received', 'requests in its log', 'xks_proxy_requests_total'], rows);
}

/** Lists log lines of the proxies at warn and above. */
function complaintTable({ former, instances }: Fleet): string {
  const all = [...former, ...instances];
  const texts = new Set(all.flatMap(({ complaints }) => [...complaints.keys()]));
  const rows = [...texts].map((text) => [text, ...all.map(({ complaints }) => complaints.get(text) ?? 0)]);
  return table(['logged at warn and above', ...all.map(({ name }) => name)], rows);
}

function progress(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}
