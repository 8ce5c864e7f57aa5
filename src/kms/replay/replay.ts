import { setTimeout } from 'node:timers/promises';
import { callLocalKms, type CalledKms, type LocalKmsAnswer } from '../callLocalKms.ts';
import { compareAnswers, type Difference } from './compareAnswers.ts';
import { Correspondence } from './correspondence.ts';
import type { RecordedCall } from './recording.ts';

const CALL_MS = 60_000;
const CONNECTION_MS = 120_000;
const POLL_MS = 100;

export interface ReplayOptions {
  readonly kms: CalledKms;
  /** Recorded values and the corresponding values of the local KMS. */
  readonly pairs: Iterable<readonly [recorded: string, local: string]>;
  readonly stop: AbortSignal;
}

/** A recorded call, and the differences between its answers. */
export interface Replayed {
  readonly call: RecordedCall;
  readonly differences: readonly Difference[];
}

/** Sends recorded calls to a local KMS, one after another, and compares the answers. Rejects with LocalKmsUnreachable. */
export async function* replay(
  calls: readonly RecordedCall[],
  { kms, pairs, stop }: ReplayOptions,
): AsyncGenerator<Replayed> {
  const send = (operation: string, input: object): Promise<LocalKmsAnswer> => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(CALL_MS)]);
    return callLocalKms(kms, { signingName: 'kms', target: `TrentService.${operation}`, input, signal });
  };
  const correspondence = new Correspondence([...(await pairAccounts(calls, send)), ...pairs]);
  for (const call of calls) {
    const input = correspondence.toLocalInput(call.input);
    const answer = await send(call.operation, input);
    yield { call, differences: compare(call, answer, correspondence) };
    if (/^(Connect|Disconnect)CustomKeyStore$/.test(call.operation) && answer.ok) await settle(input, send, stop);
  }
}

type Send = (operation: string, input: object) => Promise<LocalKmsAnswer>;

const ARN = /arn:[\w-]+:kms:(?<region>[\w-]+):(?<account>\d{12}):/;

/** Pairs the Region and account of the recording's first ARN with the local ones. */
async function pairAccounts(calls: readonly RecordedCall[], send: Send): Promise<[string, string][]> {
  const recorded = ARN.exec(JSON.stringify(calls));
  if (!recorded?.groups) return [];
  // This call fails with a message that contains an ARN, and it changes nothing.
  const { output } = await send('DescribeKey', { KeyId: '00000000-0000-0000-0000-000000000000' });
  const local = ARN.exec(JSON.stringify(output ?? {}));
  if (!local?.groups) return [];
  return [
    [recorded[0], local[0]],
    [recorded.groups['account'] ?? '', local.groups['account'] ?? ''],
  ];
}

function compare(call: RecordedCall, { ok, output }: LocalKmsAnswer, pairs: Correspondence): Difference[] {
  // A plaintext that was generated or sent before is already paired. Any other must be the same in both answers.
  if (call.operation === 'Decrypt') pairs.keep(String(call.output?.['Plaintext']));
  const { __type: name, message } = output ?? {};
  const error = { name, ...(message !== undefined && { message }) };
  const local = ok ? { output } : { error };
  const recorded = call.error ? { error: call.error } : { output: call.output };
  const [kind] = Object.keys(recorded);
  if (kind !== Object.keys(local)[0]) return [{ path: 'answer', recorded, local }];
  return compareAnswers(Object.values(recorded)[0], Object.values(local)[0], pairs, kind ?? '');
}

/** Waits until a key store is no longer CONNECTING or DISCONNECTING, as the caller of the recording did. */
async function settle(input: object, send: Send, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + CONNECTION_MS;
  do {
    const { output } = await send('DescribeCustomKeyStores', input);
    if (!/"(DIS)?CONNECTING"/.test(JSON.stringify(output))) return;
    await setTimeout(POLL_MS, undefined, { signal: stop });
  } while (performance.now() < deadline);
}
