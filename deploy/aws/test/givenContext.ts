import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const APP_FOLDER = join(import.meta.dirname, '..');
export const CONFIG_FILE = join(APP_FOLDER, 'config.yaml');

type Changes = Readonly<Record<string, unknown>>;

/** The context of cdk.json, with these changes; `undefined` leaves a key out. */
export function givenContext(changes: Changes): (key: string) => unknown {
  const file = JSON.parse(readFileSync(join(APP_FOLDER, 'cdk.json'), 'utf8')) as { readonly context: Changes };
  const context: Changes = { ...file.context, ...changes };
  return (key) => context[key];
}
