import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFaultyModule } from '../modules/buildFaultyModule.ts';

/**
 * A fault: the calls of one function, or of all functions with `*`, that go wrong, and how. Several faults may affect
 * one call.
 */
export type Fault = {
  /** The first affected call, counted from 1 in each process since the fault was injected; 1 if absent. */
  readonly from?: number;
  /** Number of affected calls; all later calls if absent. */
  readonly times?: number;
} & (AnyFunctionFault | SessionFault | InitFault | CipherFault | RandomFault | TokenFault | CheckValueFault);

type AnyFunctionFault = { readonly on: '*' | `C_${string}` } & (
  | { readonly does: 'delay'; readonly milliseconds: number }
  /** Hangs until the fault is lifted. A process cannot exit while a call of libuv's pool hangs. */
  | { readonly does: 'hang' }
  /** Returns CKR `code` instead of calling the real function, or after calling it. */
  | { readonly does: 'answer' | 'answer-afterwards'; readonly code: number }
  /** Calls C_CloseSession for the call's session before the call. */
  | { readonly does: 'close-session' }
  /** Calls C_CloseAllSessions for all tokens before the call. */
  | { readonly does: 'close-all-sessions' }
  /** Calls C_Logout in the call's session before the call. */
  | { readonly does: 'log-out' }
  /** Invalidates all object handles returned before this call. */
  | { readonly does: 'invalidate-handles' }
  /** Ends the process with SIGABRT. */
  | { readonly does: 'abort' }
);

/** Refuses a session without CKF_RW_SESSION with CKR_FUNCTION_FAILED. */
interface SessionFault {
  readonly on: 'C_OpenSession';
  readonly does: 'demand-read-write';
}

type InitFault =
  | {
      readonly on: 'C_EncryptInit';
      /**
       * Generates an IV. In place: C_Encrypt writes the IV into the caller's memory if that was all zeros. Appended:
       * C_Encrypt writes the IV, 12 bytes by default, after the tag and ignores the caller's IV.
       */
      readonly does: 'make-iv-in-place';
    }
  | { readonly on: 'C_EncryptInit'; readonly does: 'make-iv-appended'; readonly bytes?: 12 | 16 }
  /** Answers CKR_MECHANISM_PARAM_INVALID unless pIv is null, ulIvLen is 0, and ulIvBits, if present, is 96. */
  | { readonly on: 'C_EncryptInit'; readonly does: 'refuse-iv' }
  | {
      readonly on: 'C_EncryptInit' | 'C_DecryptInit';
      /** Requires CK_GCM_PARAMS without ulIvBits. Otherwise answers CKR_MECHANISM_PARAM_INVALID. */
      readonly does: 'demand-v2.20';
    };

type CipherFault = { readonly on: 'C_Encrypt' | 'C_Decrypt' } & (
  | { readonly does: 'flip-bit'; readonly byte: number }
  | { readonly does: 'change-length'; readonly by: number }
  /** Reports success with the right length, but writes nothing. */
  | { readonly does: 'write-nothing' }
);

/** Adds these CKF_ flags to those of the token. */
interface TokenFault {
  readonly on: 'C_GetTokenInfo';
  readonly does: 'set-token-flags';
  readonly flags: number;
}

/**
 * Reports a CKA_CHECK_VALUE of `bytes` escape characters for each key, if it is read alone. -1 bytes are
 * CK_UNAVAILABLE_INFORMATION.
 */
interface CheckValueFault {
  readonly on: 'C_GetAttributeValue';
  readonly does: 'set-check-value';
  readonly bytes: number;
}

interface RandomFault {
  readonly on: 'C_GenerateRandom';
  /** Returns `values` different values of 12 bytes in turn. */
  readonly does: 'repeat-random';
  readonly values: number;
}

export interface FaultyModule {
  /** Path of the PKCS#11 module. Each fixture has its own, so one process may use several. */
  readonly module: string;
  /** Environment variables for child processes, as the real module needs them. */
  readonly env: Readonly<Record<string, string>>;
  /** Adds faults, in all processes that use the module, from their next call on. Returns a function that lifts them. */
  inject(...faults: readonly Fault[]): () => void;
  /** Lifts all faults. */
  clear(): void;
  /**
   * Number of calls by function name, such as C_Login, of all processes since the start. Counts calls before any fault.
   */
  counts(): ReadonlyMap<string, number>;
  /** Lifts all faults and removes the files. Key managers must be closed before. */
  dispose(): void;
}

/** The real module behind the faulty one. */
export interface RealModule {
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether to load a copy, whose sessions and logins are separate from others in this process, like a second HSM. */
  readonly separate?: boolean;
}

/** Compiles a faulty module in front of a real one. */
export function createFaultyModule({ module: target, env, separate }: RealModule): FaultyModule {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-faulty-'));
  const module = join(folder, 'faulty.so');
  const control = join(folder, 'control');
  const counts = join(folder, 'counts');
  buildFaultyModule(module);
  (separate ? copyFileSync : symlinkSync)(target, join(folder, 'target.so'));
  writeFileSync(counts, '');

  const lines = new Map<number, string>();
  let id = 0;
  const write = (): void => {
    writeFileSync(`${control}.new`, [...lines.values()].join(''));
    renameSync(`${control}.new`, control);
  };
  const clear = (): void => {
    lines.clear();
    write();
  };

  return {
    module,
    env,
    inject: (...faults) => {
      const ids = faults.map((fault) => {
        id += 1;
        lines.set(id, `${id} ${describeFault(fault)}\n`);
        return id;
      });
      write();
      return () => {
        for (const lifted of ids) lines.delete(lifted);
        write();
      };
    },
    clear,
    counts: () => {
      const calls = new Map<string, number>();
      for (const name of readFileSync(counts, 'utf8').split('\n').slice(0, -1)) {
        calls.set(name, (calls.get(name) ?? 0) + 1);
      }
      return calls;
    },
    dispose: () => {
      clear();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The fault as in the control file, without its id. */
function describeFault(fault: Fault): string {
  const { on, does, from = 1, times } = fault;
  const last = times === undefined ? 0 : from + times - 1;
  return [on, from, last, does, argumentOf(fault)].join(' ');
}

function argumentOf(fault: Fault): number {
  switch (fault.does) {
    case 'delay':
      return fault.milliseconds;
    case 'answer':
    case 'answer-afterwards':
      return fault.code;
    case 'flip-bit':
      return fault.byte;
    case 'change-length':
      return fault.by;
    case 'make-iv-appended':
      return fault.bytes ?? 12;
    case 'repeat-random':
      return fault.values;
    case 'set-token-flags':
      return fault.flags;
    case 'set-check-value':
      return fault.bytes;
    case 'hang':
    case 'close-session':
    case 'close-all-sessions':
    case 'log-out':
    case 'invalidate-handles':
    case 'abort':
    case 'make-iv-in-place':
    case 'refuse-iv':
    case 'demand-read-write':
    case 'demand-v2.20':
    case 'write-nothing':
      return 0;
  }
}
