// Runs `make fuzz`. With a target and a file, checks one input without the fuzzer.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { loadTarget } from './allTargets.ts';
import { checkInput } from './checkInput.ts';
import { fuzzSettings, type FuzzSettings } from './fuzzSettings.ts';
import { seedBytes, type FuzzTarget } from './fuzzTarget.ts';

const ROOT = join(import.meta.dirname, '../..');
const MADE = join(import.meta.dirname, 'made');
// The Node.js that toolchain/fuzz.sh installs where Jazzer.js needs newer libraries than the machine has.
const OWN_NODE = join(ROOT, '.fuzz/node');
// Stops a parser that never ends. Shorter is not possible, because busy machines stop programs for half a minute.
// checkInput judges shorter times.
const TIMEOUT_MS = 120_000;
// Limit of the process's memory. Node.js releases memory late, so even a target without a leak has reached 1 GiB.
const MAX_MIB = 2_048;

/** Files of one target, in the git-ignored folder. */
interface Workshop {
  readonly entry: string;
  readonly seeds: string;
  /** Inputs that reach new code, kept for later runs. */
  readonly corpus: string;
  readonly findings: string;
  readonly words: string;
  readonly log: string;
}

function workshopOf(name: string): Workshop {
  const path = (file: string) => join(MADE, name, file);
  return {
    entry: path('entry.mjs'),
    seeds: path('seeds'),
    corpus: path('corpus'),
    findings: path('findings'),
    words: path('words'),
    log: path('log'),
  };
}

function prepare(name: string, { seeds, words = [] }: FuzzTarget): Workshop {
  const workshop = workshopOf(name);
  for (const folder of [workshop.seeds, workshop.findings]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [workshop.seeds, workshop.findings, workshop.corpus]) mkdirSync(folder, { recursive: true });
  for (const [index, seed] of seeds.entries()) writeFileSync(join(workshop.seeds, String(index)), seedBytes(seed));
  const escaped = words.map((word) => Buffer.from(word, 'latin1').toString('hex').replaceAll(/../g, '\\x$&'));
  writeFileSync(workshop.words, escaped.map((word) => `"${word}"\n`).join(''));
  // The fuzzer accepts only JavaScript.
  const entry = `import { target } from '../../targets/${name}.ts';
import { checkInput } from '../../checkInput.ts';
export const fuzz = (input) => {
  checkInput(target, input);
};
`;
  writeFileSync(workshop.entry, entry);
  return workshop;
}

/** Runs the fuzzer. The exit code is 0 if it found nothing. */
async function run(workshop: Workshop, seconds: number, maxBytes: number): Promise<number> {
  // Not a pipe: Node.js does not block when it writes to a full one, and the fuzzer loses what does not fit.
  const log = openSync(workshop.log, 'w');
  const jazzer = join(ROOT, 'node_modules/@jazzer.js/core/dist/cli.js');
  const child = spawn(
    existsSync(OWN_NODE) ? OWN_NODE : process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      ...['--import', join(import.meta.dirname, 'typeStripping.ts'), jazzer, workshop.entry],
      ...[workshop.corpus, workshop.seeds, '--sync', '--timeout', String(TIMEOUT_MS)],
      ...['-i', `${ROOT}/src/`, '-e', 'node_modules', '--', `-max_total_time=${seconds}`, `-max_len=${maxBytes}`],
      ...[`-dict=${workshop.words}`, `-artifact_prefix=${workshop.findings}/`, `-rss_limit_mb=${MAX_MIB}`],
      '-print_final_stats=1',
    ],
    { cwd: ROOT, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

/** One line with executions, coverage and corpus size. */
function summary(name: string, { log, corpus }: Workshop): string {
  const text = readFileSync(log, 'utf8');
  const executions = /number_of_executed_units: (\d+)/.exec(text)?.[1] ?? '?';
  const edges = [...text.matchAll(/ cov: (\d+)/g)].map(([, count]) => Number(count));
  const kept = readdirSync(corpus).length;
  return `${name}: ${executions} executions, ${edges[0] ?? 0} to ${edges.at(-1) ?? 0} edges, ${kept} inputs kept`;
}

async function fuzz({ names, seconds }: FuzzSettings): Promise<boolean> {
  let isClean = true;
  for (const name of names) {
    const target = await loadTarget(name);
    const workshop = prepare(name, target);
    const code = await run(workshop, seconds, target.maxBytes);
    print(summary(name, workshop));
    if (code === 0) continue;
    isClean = false;
    const [found] = readdirSync(workshop.findings);
    print(readFileSync(workshop.log, 'utf8').split('\n').filter(isTold).slice(-30).join('\n'));
    if (found === undefined) print(`The fuzzer failed, with status ${code}: see ${relative(ROOT, workshop.log)}`);
    else print(`Run it again: node test/fuzz/fuzz.ts ${name} ${relative(ROOT, join(workshop.findings, found))}`);
  }
  return isClean;
}

/** Whether a line of the fuzzer's log is part of a finding, and not progress. */
function isTold(line: string): boolean {
  return line !== '' && !/^#\d|^INFO|^stat::/.test(line);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const [name, file] = process.argv.slice(2);
if (name !== undefined && file !== undefined) {
  checkInput(await loadTarget(name), readFileSync(file));
  print('Nothing is wrong with this input.');
} else {
  process.exitCode = (await fuzz(fuzzSettings(process.env))) ? 0 : 1;
}
