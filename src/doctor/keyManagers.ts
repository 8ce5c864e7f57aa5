import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { failure, type LoadedContext } from './context.ts';
import type { Finding } from './finding.ts';

// Longer than any answer of an HSM that works.
const SILENCE_MS = 20_000;

/**
 * The key managers, examined in a process of their own: a PKCS#11 module that hangs can be killed there, and one that crashes ends
 * nothing else. One process for all of them, so that a PIN that a token has refused is not tried again.
 */
export async function* checkKeyManagers(context: LoadedContext): AsyncGenerator<Finding> {
  let left = context.config.keyManagers.map(({ name }) => name);
  while (left.length > 0) {
    const [first = ''] = left;
    // Each finding of a key manager names it, as `key manager NAME: ...`.
    let current = first;
    let end: string | undefined;
    const child = examineInProcess(context, left);
    for await (const line of child.lines()) {
      if (typeof line === 'string') {
        end = line;
        break;
      }
      if ('examined' in line) left = left.filter((name) => name !== line.examined);
      else if ('examines' in line) current = line.examines;
      else yield line;
    }
    if (left.length === 0) return;
    yield failure(
      `key manager ${current}`,
      end ?? 'its module has ended the process that called it',
      'look at the log of the HSM, its network and its library; the checks that are missing here were not made',
    );
    left = left.filter((name) => name !== current);
  }
}

type Line = Finding | { readonly examines: string } | { readonly examined: string };

function examineInProcess({ examineKeyManagers, env }: LoadedContext, names: readonly string[]) {
  const [command, ...args] = examineKeyManagers;
  const child = spawn(command, [...args, ...names], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  const written = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    /** What it says; at last, if it hangs, a sentence. */
    lines: async function* (): AsyncGenerator<Line | string> {
      try {
        for (;;) {
          const next = await withTimeLimit(written.next(), SILENCE_MS, () => undefined);
          if (!next) yield `a call of its module has not come back within ${SILENCE_MS / 1000} seconds`;
          if (!next || next.done === true) return;
          // A module may write to standard output too.
          if (next.value.startsWith('{')) yield JSON.parse(next.value) as Line;
        }
      } finally {
        child.kill('SIGKILL');
        await closed;
      }
    },
  };
}
