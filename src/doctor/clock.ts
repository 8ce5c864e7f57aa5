import { failure, ok, warning, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

const ANSWER_MS = 3_000;
// A Date header has whole seconds, and the answer takes time to arrive.
const USUAL_MS = 5_000;
// If the clocks differ by more, the proxy refuses KMS's signatures.
const LONGEST_MS = 5 * 60_000;

/** Compares the clock with that of a server. If the server does not answer, this is not a failure. */
export async function* checkClock({ peer, config: { server } }: LoadedContext): AsyncGenerator<Finding> {
  const [region = 'us-east-1'] = server.regions;
  const url = peer ?? `https://kms.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
  const theirs = await dateOf(url);
  if (theirs === undefined) {
    yield ok('clock', `not compared: ${url} did not answer with its date`);
    return;
  }
  const offsetMs = Math.abs(Date.now() - theirs);
  const difference = `the clock differs from that of ${url} by ${Math.round(offsetMs / 1000)} s`;
  if (offsetMs <= USUAL_MS) yield ok('clock', difference);
  else if (offsetMs <= LONGEST_MS) yield warning('clock', difference, 'synchronise it, with chrony for example');
  else
    yield failure(
      'clock',
      `${difference}, so the proxy refuses the signatures of KMS`,
      'synchronise it, with chrony for example',
    );
}

/** Milliseconds since 1970; undefined if there is no answer. */
async function dateOf(url: string): Promise<number | undefined> {
  try {
    const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_MS) });
    const date = Date.parse(headers.get('date') ?? '');
    return Number.isNaN(date) ? undefined : date;
  } catch {
    return undefined;
  }
}
