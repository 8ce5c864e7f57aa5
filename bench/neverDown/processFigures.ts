import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessFigures {
  /** MiB. */
  readonly residentMemory: number;
  readonly fileDescriptors: number;
}

/** Of a process on Linux; NaN elsewhere, and of one that is gone. */
export function processFigures(pid: number): ProcessFigures {
  try {
    // proc(5)
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return { residentMemory: Number(kibibytes) / 1_024, fileDescriptors: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { residentMemory: NaN, fileDescriptors: NaN };
  }
}
