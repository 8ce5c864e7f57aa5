import type { Program } from './startTestProgram.ts';

/** A command prefix that makes file modes apply to the program, even if root runs it. */
export function boundByModes(program: Program): Program {
  if (process.getuid?.() !== 0) return program;
  return ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...program];
}
