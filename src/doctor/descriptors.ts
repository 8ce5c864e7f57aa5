import { connectionLimit, MAX_CONNECTIONS, TooFewDescriptors } from '../server/connectionLimit.ts';
import { failure, ok, warning, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

// KMS waits no longer for an answer, so a request holds a connection for at most this time.
const ANSWER_SECONDS = 0.25;

/** Compares the connections that quotas and workers need with the number of file descriptors that the system allows. */
export function* checkDescriptors({ config, cores }: LoadedContext): Generator<Finding> {
  const { keyStores, server } = config;
  const processes = server.workers === 'auto' ? cores : server.workers;
  let connections: number;
  try {
    // A supervisor holds the connections that it hands over.
    if (processes > 1) connectionLimit(config, { workers: processes });
    connections = connectionLimit(config) * processes;
  } catch (error) {
    if (!(error instanceof TooFewDescriptors)) throw error;
    yield failure('descriptors', error.message, 'raise LimitNOFILE of the unit, or ulimit -n');
    return;
  }
  const perSecond = keyStores.reduce((sum, { quota }) => sum + (quota?.requestsPerSecond ?? 0), 0);
  const needed = Math.ceil(perSecond * ANSWER_SECONDS);
  const found = `room for ${connections} connections in ${processes === 1 ? 'one process' : `${processes} processes`}`;
  if (connections < needed) {
    const message = `${found}; the quotas of ${perSecond} requests a second may take ${needed}`;
    yield warning('descriptors', message, 'raise the limit of open files (ulimit -n), or server.workers');
  } else if (connections < MAX_CONNECTIONS * processes) {
    yield warning('descriptors', `${found}, fewer than usual`, 'raise the limit of open files (ulimit -n)');
  } else yield ok('descriptors', perSecond > 0 ? `${found}; the quotas take ${needed} at most` : found);
}
