import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { slotOf, type FoundLog } from '../format/findLogs.ts';
import { logFolder } from '../format/logFolder.ts';
import type { LogParts } from '../format/logParts.ts';
import type { Problems } from './logReport.ts';
import { parseVkey, type VerifierKey } from '../format/signedNote.ts';
import { describeKey } from '../format/verifierKeys.ts';

/** The name of a log, and the keys that may sign its checkpoints. Without keys, the log cannot be verified. */
export interface LogKeys {
  readonly name: string | undefined;
  readonly keys: readonly VerifierKey[];
}

const NAME_BYTES = 1024;

/** Chooses the keys of a log: those of `trusted` with its name, or without `trusted` the key in its own file `vkey`. */
export function keysOf(
  log: FoundLog,
  { parts }: LogParts,
  trusted: readonly VerifierKey[] | undefined,
  problems: Problems,
): LogKeys {
  const file = logFolder(log.path).vkey;
  let own: VerifierKey | undefined;
  if (existsSync(file)) {
    try {
      own = parseVkey(readFileSync(file, 'utf8').trimEnd());
    } catch (error) {
      problems.add({ file: 'vkey', message: `the file vkey: ${(error as Error).message}` });
    }
  }
  const name = own?.name ?? firstOrigin(parts);
  const isOwnTrusted = trusted?.some((key) => own && key.publicKey.equals(own.publicKey)) ?? true;
  const candidates = trusted ? trusted.filter((key) => key.name === name) : [own].filter((key) => key !== undefined);
  // A closed log was ended by another key. Its own key is then an earlier one, and must be given as well.
  const keys = log.state === 'closed' && !isOwnTrusted ? [] : candidates;
  const slot = slotOf(log);
  if (name !== undefined && slot !== undefined && !name.endsWith(`/${slot}`)) {
    problems.add({ message: `its name is ${name}, but the folder is that of the slot ${slot}` });
  }
  if (own && !isOwnTrusted && keys.length > 0) {
    problems.add({
      file: 'vkey',
      message: `the file vkey holds ${describeKey(own)}, which is not one of the keys given`,
    });
  }
  if (keys.length === 0 && parts.length > 0) {
    const called = own ? describeKey(own) : (name ?? 'a log without a name');
    const why = trusted
      ? `none of the given verifier keys belongs to ${called}`
      : 'it has no file vkey that can be used';
    problems.add({ message: `nothing of it was verified: ${why}` });
  }
  return { name, keys };
}

/** Returns the first line of the oldest checkpoint. */
function firstOrigin(parts: LogParts['parts']): string | undefined {
  const part = parts.find(({ checkpointBytes }) => checkpointBytes > 0);
  if (!part) return undefined;
  const descriptor = openSync(part.checkpoints, 'r');
  try {
    const buffer = Buffer.alloc(NAME_BYTES);
    const [line = '', behind] = buffer.toString('utf8', 0, readSync(descriptor, buffer)).split('\n');
    return behind === undefined || line === '' ? undefined : line;
  } finally {
    closeSync(descriptor);
  }
}
