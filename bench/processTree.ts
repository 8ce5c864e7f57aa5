import { readdirSync, readFileSync } from 'node:fs';

/** Resources of a program: sums over its process and all descendants. */
export interface TreeFigures {
  /** Milliseconds of user and system CPU time, including processes that have ended. */
  readonly cpuMs: number;
  /** MiB. Proportional set size: memory that several processes share counts once. */
  readonly pss: number;
  readonly residentMemory: number;
  readonly fileDescriptors: number;
}

const NONE: TreeFigures = { cpuMs: 0, pss: 0, residentMemory: 0, fileDescriptors: 0 };
const UNKNOWN: TreeFigures = { cpuMs: NaN, pss: NaN, residentMemory: NaN, fileDescriptors: NaN };
// sysconf(_SC_CLK_TCK) is 100 on Linux.
const TICK_MS = 10;

/** Reads the figures of a process tree on Linux. NaN on other systems, and if the process has ended. */
export function treeFigures(pid: number | undefined): TreeFigures {
  if (pid === undefined || process.platform !== 'linux') return UNKNOWN;
  const processes = (ofLiving(() => treeOf(pid)) ?? []).flatMap((each) => ofLiving(() => readProcess(each)) ?? []);
  return processes.length === 0 ? UNKNOWN : processes.reduce(add, NONE);
}

/** Reads the figures of one process, without its descendants. */
export function processFigures(pid: number): TreeFigures {
  return ofLiving(() => readProcess(pid)) ?? UNKNOWN;
}

function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    (ofLiving(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')) ?? '').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => ofLiving(() => treeOf(Number(child))) ?? [])];
}

// proc(5)
function readProcess(pid: number): TreeFigures {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
  // utime, stime, and those of children that have ended
  const ticks = afterName.split(' ').slice(11, 15).map(Number);
  return {
    cpuMs: ticks.reduce((sum, each) => sum + each, 0) * TICK_MS,
    pss: mebibytes(pid, 'smaps_rollup', 'Pss'),
    residentMemory: mebibytes(pid, 'status', 'VmRSS'),
    fileDescriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function mebibytes(pid: number, file: string, name: string): number {
  const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1_024;
}

function add(one: TreeFigures, other: TreeFigures): TreeFigures {
  return {
    cpuMs: one.cpuMs + other.cpuMs,
    pss: one.pss + other.pss,
    residentMemory: one.residentMemory + other.residentMemory,
    fileDescriptors: one.fileDescriptors + other.fileDescriptors,
  };
}

/** Returns undefined if the process has just ended. */
function ofLiving<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
