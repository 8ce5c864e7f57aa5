/** One end of a channel to another process or thread, which keeps messages in order. */
export interface Channel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What can be called at the other end, by name. Arguments and results are copied. */
export type Callable<Calls> = { readonly [Name in keyof Calls]: (argument: never) => unknown };

type ArgumentOf<Call> = Call extends (argument: infer Argument) => unknown ? Argument : never;
type ResultOf<Call> = Call extends (argument: never) => infer Result ? Awaited<Result> : never;

interface CallMessage {
  readonly call: number;
  readonly name: string;
  readonly argument: unknown;
}

interface AnswerMessage {
  readonly answer: number;
  readonly result?: unknown;
  /** Message of the Error that was thrown instead. */
  readonly error?: string;
}

/** The other end is gone. */
export class ChannelEnd extends Error {
  override readonly name = 'ChannelEnd';
}

/** Calls of what the other end answers with `answerCalls`. */
export class RemoteCalls<Calls extends Callable<Calls>> {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;
  #end: ChannelEnd | undefined;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.onMessage((message) => {
      const { answer, result, error } = message as AnswerMessage;
      const waiting = this.#waiting.get(answer);
      this.#waiting.delete(answer);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
  }

  /** Throws an Error with the message of what was thrown there, or ChannelEnd. */
  async call<Name extends keyof Calls & string>(
    name: Name,
    argument: ArgumentOf<Calls[Name]>,
  ): Promise<ResultOf<Calls[Name]>> {
    if (this.#end) throw this.#end;
    const call = ++this.#calls;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(call, waiting);
    this.#channel.send({ call, name, argument } satisfies CallMessage);
    return waiting.promise as Promise<ResultOf<Calls[Name]>>;
  }

  /** The other end is gone: what waits, and what is called from now on, fails of this. */
  end(reason: string): void {
    this.#end = new ChannelEnd(reason);
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}

/** Answers what the other end calls. */
export function answerCalls<Calls extends Callable<Calls>>(channel: Channel, calls: Calls): void {
  channel.onMessage((message) => {
    const { call, name, argument } = message as Partial<CallMessage>;
    if (call === undefined) return;
    void settle(() => calls[name as keyof Calls](argument as never)).then((outcome) => {
      channel.send({ answer: call, ...outcome } satisfies AnswerMessage);
    });
  });
}

async function settle(run: () => unknown): Promise<Omit<AnswerMessage, 'answer'>> {
  try {
    return { result: await run() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
