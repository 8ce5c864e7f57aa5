import type { Config } from '../config/schema/schema.ts';
import { CryptokiError } from '../hsm/pkcs11/cryptoki/cryptokiError.ts';
import type { OpenToken } from '../hsm/pkcs11/token/openToken.ts';
import { failure, ok } from './context.ts';
import type { Finding } from '../finding.ts';

const RANDOM_BYTES = 32;

/** Compares the sessions that `serve` opens with the token's limit, and checks the token's random numbers. */
export function* examineToken(
  check: string,
  { module: { cryptoki }, token }: Pick<OpenToken, 'module' | 'token'>,
  { keyManagers }: Config,
  name: string,
  processes: number,
): Generator<Finding> {
  const sessions = keyManagers.find((manager) => manager.name === name)?.pkcs11.sessions ?? 0;
  const { maxSessions } = token.info;
  // One more session in each process keeps the login.
  const needed = (sessions + 1) * processes;
  const found = `${needed} sessions in ${processes === 1 ? 'one process' : `${processes} processes`}`;
  if (maxSessions === undefined) yield ok(check, `${found}; the token reports no limit`);
  else if (needed <= maxSessions) yield ok(check, `${found}; the token allows ${maxSessions}`);
  else {
    const advice = 'lower sessions of the key manager, or server.workers';
    yield failure(check, `${found}, and the token allows ${maxSessions}`, advice);
  }
  try {
    const random = () => token.withSession((session) => cryptoki.generateRandom(session, RANDOM_BYTES));
    const [one, other] = [random(), random()];
    if (one.length === RANDOM_BYTES && !one.equals(other)) yield ok(check, 'random numbers differ');
    else yield failure(check, 'the token repeats its random numbers', 'use another token');
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error;
    yield failure(check, `no random numbers: ${error.message}`, 'look at the log of the HSM');
  }
}
