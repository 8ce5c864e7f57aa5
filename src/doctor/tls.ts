import { judgeForKms } from '../certificates/judgeForKms.ts';
import { warning, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Judges TLS as KMS will. */
export async function* checkTls({ config: { server }, name }: LoadedContext): AsyncGenerator<Finding> {
  const { tls: identity, regions } = server;
  if (!identity) {
    yield warning('tls', 'plain HTTP, to which KMS does not connect', 'configure server.tls, except for local tests');
    return;
  }
  yield* await judgeForKms({ identity, name, regions, now: new Date() });
}
