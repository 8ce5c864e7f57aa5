import { describeAnswer, describeRequest } from './describeExchange.ts';
import { NotRun, type Exchange } from './conformanceCase.ts';
import { errorNameOf } from './errorNameOf.ts';
import { KeyStoreClient, type Send } from '../xksClient/keyStoreClient.ts';
import { sendRequest, type Answer } from '../xksClient/sendRequest.ts';
import type { OptionalKeys, Target } from '../xksClient/target.ts';

const OPTION_OF: Record<keyof OptionalKeys, string> = {
  encryptOnly: '--encrypt-only-key',
  decryptOnly: '--decrypt-only-key',
  noUsage: '--no-usage-key',
  blocked: '--blocked-key',
};

/** Tools of one case: the target, clients for its key stores, and a record of the exchanges. */
export class Probe {
  readonly target: Target;
  readonly store: KeyStoreClient;
  readonly exchanges: Exchange[] = [];
  /** The last answer, and the path of its request. */
  last: { readonly path: string; readonly answer: Answer } | undefined;
  /** Every error answer of the run, of all cases: one with a status of 400 or more, or with an errorName. */
  readonly refusals: Answer[];

  constructor(target: Target, refusals: Answer[]) {
    this.target = target;
    this.refusals = refusals;
    this.store = new KeyStoreClient(target, target.keyStore, this.#send);
  }

  /** Returns a client of the second key store. Throws NotRun if the target has none. */
  secondStore(): KeyStoreClient {
    const { secondKeyStore } = this.target;
    if (!secondKeyStore) throw new NotRun('needs --second-uri-path, with its credential and key');
    return new KeyStoreClient(this.target, secondKeyStore, this.#send);
  }

  /** Returns the id of a key of this kind. Throws NotRun if the target has none. */
  key(kind: keyof OptionalKeys): string {
    const keyId = this.target.keys[kind];
    if (keyId === undefined) throw new NotRun(`needs ${OPTION_OF[kind]}`);
    return keyId;
  }

  /** Throws NotRun if the endpoint is not `https://`. */
  requireTls(): void {
    if (this.target.endpoint.url.protocol !== 'https:') throw new NotRun('needs an https:// endpoint');
  }

  /** Records an exchange below HTTP. */
  note(sent: string, got: string): void {
    this.exchanges.push({ sent, got });
  }

  readonly #send: Send = async (request, { showSignature, agent }) => {
    const sent = describeRequest(request, showSignature);
    try {
      const answer = await sendRequest(this.target.endpoint, request, agent);
      this.note(sent, describeAnswer(answer));
      this.last = { path: request.path, answer };
      if (answer.status >= 400 || errorNameOf(answer) !== undefined) this.refusals.push(answer);
      return answer;
    } catch (error) {
      this.note(sent, (error as Error).message);
      throw error;
    }
  };
}
