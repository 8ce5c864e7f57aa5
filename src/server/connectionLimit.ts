import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema/schema.ts';

/** The system's limit of open files is too low for this process to serve. The message says how high the limit must be. */
export class TooFewDescriptors extends Error {
  override readonly name = 'TooFewDescriptors';
}

/** A connection may hold a body of 128 KiB and a file descriptor; KMS keeps far fewer connections. */
export const MAX_CONNECTIONS = 1_000;
const LEAST_CONNECTIONS = 16;

// Descriptors reserved for other uses than connections. Measured: 24 in an idle process, and 5 more for a module's thread.
const OWN = 64;
const MONITORING = 64;
const KEY_MANAGER = 8;
// SoftHSM opens the files of keys for each use, and a network HSM may have a connection for each session.
const SESSION = 4;
const WORKER = 5;

/**
 * Returns how many connections a process may have open at once. The limit leaves descriptors for the HSM library: without a free
 * one, SoftHSM does not find its keys. `workers`: processes that it supervises. Throws TooFewDescriptors.
 */
export function connectionLimit(
  { keyManagers, monitoring }: Pick<Config, 'keyManagers' | 'monitoring'>,
  { workers = 0, openFiles = openFileLimit() }: { readonly workers?: number; readonly openFiles?: number } = {},
): number {
  const ofKeyManagers = keyManagers.reduce((sum, { pkcs11 }) => sum + KEY_MANAGER + SESSION * pkcs11.sessions, 0);
  const kept = OWN + (monitoring ? MONITORING : 0) + ofKeyManagers + WORKER * workers;
  const connections = Math.min(MAX_CONNECTIONS, openFiles - kept);
  if (connections >= LEAST_CONNECTIONS) return connections;
  throw new TooFewDescriptors(
    `the limit of open files is ${openFiles}, and ${kept} are needed beside connections: raise it (ulimit -n) to ` +
      `at least ${kept + LEAST_CONNECTIONS}`,
  );
}

/** The number of file descriptors that the system lets this process open. */
function openFileLimit(): number {
  let soft: string | number | undefined;
  try {
    soft = /^Max open files +(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    // Other systems than Linux. On Linux, a report is avoided, because it may wait for DNS.
    const { userLimits } = process.report.getReport() as { userLimits: { open_files: { soft: string | number } } };
    soft = userLimits.open_files.soft;
  }
  return Number.isNaN(Number(soft)) ? Infinity : Number(soft);
}
