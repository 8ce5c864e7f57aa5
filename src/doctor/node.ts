import { getFips } from 'node:crypto';
import { execArgv, version } from 'node:process';
import { ok, warning, type DoctorContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Reports Node's version (main.ts has checked it) and FIPS mode, and warns if the inspector is enabled. */
export function* checkNode({ env }: DoctorContext): Generator<Finding> {
  yield ok('node', `Node.js ${version}${getFips() === 1 ? ', in FIPS mode' : ''}`);
  if ([env['NODE_OPTIONS'] ?? '', ...execArgv].some((option) => /--inspect(-brk|-wait)?(=|\s|$)/.test(option))) {
    const message =
      'the options of Node.js enable its inspector, through which every user of this machine can read secrets';
    yield warning('node', message, 'remove --inspect from NODE_OPTIONS and the command line');
  }
}
