import { judgeForKms } from '../certificates/judgeForKms.ts';
import { warning, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** TLS as KMS will judge it. */
export async function* checkTls({ config: { server }, name }: LoadedContext): AsyncGenerator<Finding> {
  const { tls: identity, regions } = server;
  if (!identity) {
    yield warning('tls', 'plain HTTP: KMS does not connect to it', 'give server.tls, except for local tests');
    return;
  }
  yield* await judgeForKms({ identity, name, regions, now: new Date() });
}
