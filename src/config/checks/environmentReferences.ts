import type { KeyPath, Remark } from '../problems/problem.ts';

const REFERENCE = /\$\{[^}]*\}|(?:^|\/)\$[A-Za-z_]\w*/;
// In `audit.origin`, ${HOSTNAME} stands for the name of the host.
const ORIGIN = ['audit', 'origin'];

/** Finds values that refer to environment variables as in a shell. Such references are not replaced. */
export function environmentReferences(written: unknown, keys: KeyPath = []): Remark[] {
  if (typeof written === 'object' && written !== null) {
    return Object.entries(written).flatMap(([key, value]) =>
      environmentReferences(value, [...keys, Array.isArray(written) ? Number(key) : key]),
    );
  }
  const isOrigin = ORIGIN.every((key, index) => keys[index] === key);
  const text = isOrigin ? String(written).replaceAll('${HOSTNAME}', '') : String(written);
  if (!REFERENCE.test(text)) return [];
  const message =
    keys.at(-1) === 'env'
      ? 'must be only the name of the variable, without $ and braces'
      : 'refers to an environment variable, which is not replaced here; only secrets can come from variables, as {env: NAME}';
  return [{ keys, message }];
}
