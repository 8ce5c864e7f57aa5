import { HelperProcess } from '../messaging/helperProcess.ts';
import { ChannelEnd } from '../messaging/peer.ts';
import { withTimeLimit } from '../timing/timeLimit.ts';
import { failure, type LoadedContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Calls of the process that examines key managers. A type alias, as Peer needs it. */
export type ExaminerCalls = {
  /** Examines a key manager, and tells each finding as it comes. */
  examine(keyManager: string): Promise<void>;
};

/** Calls of `doctor`: what the examining process tells it, one-way. */
export type DoctorCalls = {
  found(finding: Finding): void;
  /** Says, again and again, that no call blocks it: to look at thousands of keys takes a while. */
  alive(): void;
};

// Longer than any answer of an HSM that works.
const SILENCE_MS = 20_000;

/**
 * Examines the key managers in a process of their own: a PKCS#11 module that hangs can be killed there, and one that crashes ends
 * nothing else. All of them are examined in one process, so that a PIN that a token has refused is not tried again.
 */
export async function* checkKeyManagers(context: LoadedContext): AsyncGenerator<Finding> {
  let examiner: Examiner | undefined;
  try {
    for (const { name } of context.config.keyManagers) {
      examiner ??= new Examiner(context);
      const end = yield* examiner.examine(name);
      if (end === undefined) continue;
      yield failure(
        `key manager ${name}`,
        end,
        'look at the log of the HSM, its network and its library; the checks that are missing here were not made',
      );
      await examiner.kill();
      examiner = undefined;
    }
  } finally {
    await examiner?.kill();
  }
}

/** The process that examines key managers. */
class Examiner {
  readonly #process: HelperProcess<ExaminerCalls>;
  readonly #found: Finding[] = [];
  #news = Promise.withResolvers<true>();

  constructor({ examiner, env }: LoadedContext) {
    const offer: DoctorCalls = {
      found: (finding) => {
        this.#found.push(finding);
        this.#news.resolve(true);
      },
      alive: () => {
        this.#news.resolve(true);
      },
    };
    this.#process = new HelperProcess(examiner, { name: 'the process that examines key managers', env, offer });
  }

  /** Gives the findings of a key manager as they come. Returns what cut its examination short, if anything did. */
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
      if (!hasNews) return `a call of its module has not come back within ${SILENCE_MS / 1000} seconds`;
      this.#news = Promise.withResolvers();
    }
  }

  async #ask(keyManager: string): Promise<string | undefined> {
    try {
      await this.#process.peer.call('examine', keyManager);
      return undefined;
    } catch (error) {
      return error instanceof ChannelEnd ? 'its module has ended the process that called it' : String(error);
    }
  }

  async kill(): Promise<void> {
    this.#process.kill();
    await this.#process.ended;
  }
}
