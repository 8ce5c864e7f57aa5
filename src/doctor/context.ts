import type { LoadedConfig } from '../config/loadConfig.ts';
import type { ConfigError } from '../config/problems/problem.ts';
import type { Finding } from '../finding.ts';

/** Input of the checks. */
export interface DoctorContext {
  /** The configuration file. */
  readonly file: string;
  /** The configuration, or the error if it does not load. */
  readonly loaded: LoadedConfig | ConfigError;
  /** The DNS name that KMS will call, if it is known. */
  readonly name: string | undefined;
  /** URL of a server to compare the clock with. */
  readonly peer: string | undefined;
  readonly cores: number;
  /** Runs the tests in a file with the policies of a key store. Returns their number. Throws if one does not pass. */
  readonly testPolicies: (keyStore: string, testsFile: string) => number;
  /** Command of the process that examines key managers. It answers ExaminerCalls. */
  readonly examiner: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A context whose configuration loads. */
export type LoadedContext = DoctorContext & LoadedConfig;

/** Yields each finding as it is made. An error that a check throws becomes a failure. */
export type Check<C = LoadedContext> = (context: C) => AsyncIterable<Finding> | Iterable<Finding>;

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message };
}

export function warning(check: string, message: string, advice?: string): Finding {
  return { check, level: 'warning', message, ...(advice !== undefined && { advice }) };
}

export function failure(check: string, message: string, advice?: string): Finding {
  return { check, level: 'failure', message, ...(advice !== undefined && { advice }) };
}
