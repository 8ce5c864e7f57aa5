import { HelperProcess } from '../messaging/helperProcess.ts';
import { ChannelEnd } from '../messaging/peer.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { compareKeys } from './compareKeys.ts';
import { failure, type LoadedContext } from './context.ts';
import type { KeyCheckValue } from './examineKeys.ts';
import type { Finding } from '../finding.ts';

/** Calls that the examining process answers. A type alias, because Peer needs one. */
export type ExaminerCalls = {
  /** Examines a key manager, and reports each finding with `found`. */
  examine(keyManager: string): Promise<void>;
};

/** One-way calls from the examining process to `doctor`. */
export type DoctorCalls = {
  found(finding: Finding): void;
  /** Sent for each key that has a check value. */
  checkValue(found: KeyCheckValue): void;
  /** Sent regularly while no call blocks the process, because examining thousands of keys takes a while. */
  alive(): void;
};

// Longer than any answer of an HSM that works.
const SILENCE_MS = 20_000;

/**
 * Examines the key managers in a separate process. If a PKCS#11 module hangs, the process can be killed; if a module crashes, only
 * this process ends. One process examines all key managers, so that a PIN that a token has refused is not tried again. At the end,
 * compares the keys of key managers that replace each other.
 */
export async function* checkKeyManagers(context: LoadedContext): AsyncGenerator<Finding> {
  const checkValues: KeyCheckValue[] = [];
  let examiner: Examiner | undefined;
  try {
    for (const { name } of context.config.keyManagers) {
      examiner ??= new Examiner(context, checkValues);
      const end = yield* examiner.examine(name);
      if (end === undefined) continue;
      yield failure(
        `key manager ${name}`,
        end,
        'look at the log of the HSM, its network and its library; the remaining checks of this key manager were skipped',
      );
      await examiner.kill();
      examiner = undefined;
    }
  } finally {
    await examiner?.kill();
  }
  yield* compareKeys(context.config, checkValues);
}

/** The process that examines key managers. */
class Examiner {
  readonly #process: HelperProcess<ExaminerCalls>;
  readonly #found: Finding[] = [];
  #news = Promise.withResolvers<true>();

  /** Adds the check values that it finds to `checkValues`. */
  constructor({ examiner, env }: LoadedContext, checkValues: KeyCheckValue[]) {
    const offer: DoctorCalls = {
      found: (finding) => {
        this.#found.push(finding);
        this.#news.resolve(true);
      },
      checkValue: (found) => {
        checkValues.push(found);
      },
      alive: () => {
        this.#news.resolve(true);
      },
    };
    this.#process = new HelperProcess(examiner, { name: 'the process that examines key managers', env, offer });
  }

  /** Yields the findings of a key manager as they arrive. If the examination is cut short, returns the reason. */
  async *examine(keyManager: string): AsyncGenerator<Finding, string | undefined> {
    let outcome: { readonly end: string | undefined } | undefined;
    void this.#ask(keyManager).then((end) => {
      outcome = { end };
      this.#news.resolve(true);
    });
    for (;;) {
      yield* this.#found.splice(0);
      if (outcome) return outcome.end;
      const hasNews = await withTimeLimit(this.#news.promise, SILENCE_MS, () => false as const);
      if (!hasNews) return `a call to its module has not returned within ${SILENCE_MS / 1000} seconds`;
      this.#news = Promise.withResolvers();
    }
  }

  async #ask(keyManager: string): Promise<string | undefined> {
    try {
      await this.#process.peer.call('examine', keyManager);
      return undefined;
    } catch (error) {
      return error instanceof ChannelEnd ? 'its module ended the process that called it' : String(error);
    }
  }

  async kill(): Promise<void> {
    this.#process.kill();
    await this.#process.ended;
  }
}
