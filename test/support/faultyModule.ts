import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFaultyModule } from '../modules/buildFaultyModule.ts';

/** Which calls of one function, or of all with `*`, go wrong, and how. Several faults may hit one call. */
export type Fault = {
  /** The first call that is hit, counted from 1, from when the fault was injected, in each process; 1 if absent. */
  readonly from?: number;
  /** How many calls are hit; all from then on if absent. */
  readonly times?: number;
} & (AnyFunctionFault | SessionFault | InitFault | CipherFault | RandomFault | TokenFault);

type AnyFunctionFault = { readonly on: '*' | `C_${string}` } & (
  | { readonly does: 'delay'; readonly milliseconds: number }
  /** Until the fault is lifted. A process cannot exit while a call of libuv's pool hangs. */
  | { readonly does: 'hang' }
  /** CKR `code`, without calling the real function, or after calling it, in place of its answer. */
  | { readonly does: 'answer' | 'answer-afterwards'; readonly code: number }
  /** C_CloseSession of the call's session before the call. */
  | { readonly does: 'close-session' }
  /** C_CloseAllSessions of all tokens before the call. */
  | { readonly does: 'close-all-sessions' }
  /** C_Logout by the call's session before the call. */
  | { readonly does: 'log-out' }
  /** Handles of objects given out so far mean nothing from this call on. */
  | { readonly does: 'invalidate-handles' }
  /** Ends the process with SIGABRT. */
  | { readonly does: 'abort' }
);

/** A session without CKF_RW_SESSION is refused with CKR_FUNCTION_FAILED. */
interface SessionFault {
  readonly on: 'C_OpenSession';
  readonly does: 'demand-read-write';
}

type InitFault =
  | {
      readonly on: 'C_EncryptInit';
      /**
       * In place: C_Encrypt writes an IV of the module's own into the caller's memory, if that was all zero. Appended: it
       * writes an IV of the module's own, of 12 bytes unless said otherwise, after the tag; the caller's is ignored.
       */
      readonly does: 'make-iv-in-place';
    }
  | { readonly on: 'C_EncryptInit'; readonly does: 'make-iv-appended'; readonly bytes?: 12 | 16 }
  /** CKR_MECHANISM_PARAM_INVALID unless pIv is null, ulIvLen 0 and, where it is, ulIvBits 96. */
  | { readonly on: 'C_EncryptInit'; readonly does: 'refuse-iv' }
  | {
      readonly on: 'C_EncryptInit' | 'C_DecryptInit';
      /** CK_GCM_PARAMS must come without ulIvBits; with it, CKR_MECHANISM_PARAM_INVALID. */
      readonly does: 'demand-v2.20';
    };

type CipherFault = { readonly on: 'C_Encrypt' | 'C_Decrypt' } & (
  | { readonly does: 'flip-bit'; readonly byte: number }
  | { readonly does: 'change-length'; readonly by: number }
  /** Claims success with the right length. */
  | { readonly does: 'write-nothing' }
);

/** Sets these CKF_ flags beside those of the token. */
interface TokenFault {
  readonly on: 'C_GetTokenInfo';
  readonly does: 'set-token-flags';
  readonly flags: number;
}

interface RandomFault {
  readonly on: 'C_GenerateRandom';
  /** Gives `values` different values of 12 bytes, in turn. */
  readonly does: 'repeat-random';
  readonly values: number;
}

export interface FaultyModule {
  /** Path of the PKCS#11 module. Each fixture has one of its own, so that a process may use several. */
  readonly module: string;
  /** For child processes: that of the real module. */
  readonly env: Readonly<Record<string, string>>;
  /** Adds faults, in all processes that use the module, from their next call on. What it gives lifts these faults again. */
  inject(...faults: readonly Fault[]): () => void;
  /** Lifts all faults. */
  clear(): void;
  /** Calls by function, such as C_Login, of all processes since the beginning, before any fault. */
  counts(): ReadonlyMap<string, number>;
  /** Lifts all faults and removes the files. Key managers must be closed before. */
  dispose(): void;
}

/** What the faulty module forwards to. */
export interface RealModule {
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whether to load a copy of it, with sessions and logins apart from those of others in this process: as a second HSM. */
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

/** As in the control file, without its id. */
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
