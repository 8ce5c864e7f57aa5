import type { LoadedConfig } from '../config/loadConfig.ts';
import type { ConfigError } from '../config/problems/problem.ts';
import type { Finding } from '../finding.ts';

/** What the checks look at. */
export interface DoctorContext {
  /** The configuration file. */
  readonly file: string;
  /** The configuration, or why it does not load. */
  readonly loaded: LoadedConfig | ConfigError;
  /** The DNS name that KMS will call, if it is known. */
  readonly name: string | undefined;
  /** URL of a server whose clock is compared. */
  readonly peer: string | undefined;
  readonly cores: number;
  /** Runs the tests in a file with the policies of a key store; throws what keeps one from passing. */
  readonly testPolicies: (keyStore: string, testsFile: string) => number;
  /** The command that examines key managers, as ExaminerCalls says. */
  readonly examiner: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A context whose configuration loads. */
export type LoadedContext = DoctorContext & LoadedConfig;

/** Gives findings as it makes them. What it throws becomes a failure. */
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
