import type { Socket } from 'node:net';
import type { Channel } from './channel.ts';
import { MESSAGES_ONLY, type ErrorCodec } from './errorCodec.ts';

/** Calls that one end of a channel offers to the other, by name. Arguments and results are copied. */
export type Offer<Calls> = { readonly [Name in keyof Calls]: (argument: never, handle?: Socket) => unknown };

type Names<Calls> = keyof Calls & string;
type ArgumentOf<Call> = Call extends (argument: infer Argument, handle?: Socket) => unknown ? Argument : never;
export type ResultOf<Call> = Call extends (argument: never) => infer Result ? Awaited<Result> : never;
/** Names of the calls that may return nothing. */
type Events<Calls> = { [Name in Names<Calls>]: undefined extends ResultOf<Calls[Name]> ? Name : never }[Names<Calls>];

type Performer = (argument: unknown, handle?: Socket) => unknown;

export interface PeerOptions {
  /** Name of the other end, such as `worker 3`. */
  readonly name: string;
  /** Calls that the other end may make. */
  readonly offer?: object;
  /** The codec, which must be the same at both ends. */
  readonly errors?: ErrorCodec;
}

export interface CallOptions {
  /** Milliseconds until the call rejects with CallLate; unlimited if left out. The other end is not notified. */
  readonly timeoutMs?: number;
  readonly handle?: Socket;
  /** Cancels the call: it rejects with the signal's reason, and a later answer is ignored. */
  readonly signal?: AbortSignal;
}

/** The other end of the channel is gone. */
export class ChannelEnd extends Error {
  override readonly name = 'ChannelEnd';
}

/** The other end did not answer a call in time. */
export class CallLate extends Error {
  override readonly name = 'CallLate';
}

/** A call. Without the member `call`, no answer is expected. */
interface CallMessage {
  readonly call?: number;
  readonly name: string;
  readonly argument: unknown;
}

interface AnswerMessage {
  readonly answer: number;
  readonly result?: unknown;
  /** The encoded error that was thrown instead. */
  readonly error?: unknown;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** The other end of a channel. This object makes calls to that end, and answers the calls that come from it. */
export class Peer<Calls extends Offer<Calls>> {
  readonly #channel: Channel;
  readonly #name: string;
  readonly #offer: Readonly<Record<string, unknown>>;
  readonly #errors: ErrorCodec;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #end: ChannelEnd | undefined;

  constructor(channel: Channel, { name, offer = {}, errors = MESSAGES_ONLY }: PeerOptions) {
    this.#channel = channel;
    this.#name = name;
    this.#offer = { ...offer };
    this.#errors = errors;
    channel.onMessage((message, handle) => {
      if ('answer' in (message as object)) this.#receive(message as AnswerMessage);
      else this.#perform(message as CallMessage, handle);
    });
  }

  /** Number of calls without an answer, including late calls. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls the other end. Rejects with the error that was thrown there, CallLate, or ChannelEnd. */
  call<Name extends Names<Calls>>(
    name: Name,
    argument: ArgumentOf<Calls[Name]>,
    { timeoutMs = Infinity, handle, signal }: CallOptions = {},
  ): Promise<ResultOf<Calls[Name]>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#end) {
      reject(this.#end);
      return promise as Promise<never>;
    }
    const call = ++this.#calls;
    const late = () => {
      reject(new CallLate(`${this.#name} has not answered in time`));
    };
    const timer = timeoutMs === Infinity ? undefined : setTimeout(late, timeoutMs);
    this.#waiting.set(call, { resolve, reject, timer });
    signal?.addEventListener('abort', () => this.#settle(call)?.reject(signal.reason));
    try {
      this.#channel.send({ call, name, argument } satisfies CallMessage, {
        handle,
        onFailure: () => this.#settle(call)?.reject(this.#gone()),
      });
    } catch (error) {
      this.#settle(call)?.reject(error);
    }
    return promise as Promise<ResultOf<Calls[Name]>>;
  }

  /** Makes a one-way call, without an answer. Does nothing if the other end is gone. */
  tell<Name extends Events<Calls>>(name: Name, argument: ArgumentOf<Calls[Name]>): void {
    this.#channel.send({ name, argument } satisfies CallMessage);
  }

  /** Notes that the other end is gone: waiting calls and later calls reject with ChannelEnd. `how` is the way it ended, if known. */
  end(how?: string): void {
    this.#end = this.#gone(how);
    for (const call of [...this.#waiting.keys()]) this.#settle(call)?.reject(this.#end);
  }

  #gone(how?: string): ChannelEnd {
    return new ChannelEnd(`${this.#name} has ended${how === undefined ? '' : ` (${how})`}`);
  }

  #receive(message: AnswerMessage): void {
    const waiting = this.#settle(message.answer);
    if ('error' in message) waiting?.reject(this.#errors.decode(message.error));
    else waiting?.resolve(message.result);
  }

  #settle(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  /** Answers synchronously unless the result is a promise, so that such answers keep the order of their calls. */
  #perform({ call, name, argument }: CallMessage, handle: Socket | undefined): void {
    const perform = this.#offer[name] as Performer;
    if (call === undefined) {
      perform(argument, handle);
      return;
    }
    const fail = (error: unknown) => {
      this.#channel.send({ answer: call, error: this.#errors.encode(error) } satisfies AnswerMessage);
    };
    const answer = (result: unknown) => {
      this.#channel.send({ answer: call, result } satisfies AnswerMessage);
    };
    try {
      const result = perform(argument, handle);
      if (result instanceof Promise) result.then(answer).catch(fail);
      else answer(result);
    } catch (error) {
      fail(error);
    }
  }
}
