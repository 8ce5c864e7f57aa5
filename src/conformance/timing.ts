import { randomBytes } from 'node:crypto';
import { seal, sealedFields } from './caseBuilders.ts';
import { keepAliveAgent } from '../xksClient/keepAliveAgent.ts';
import { KeyStoreClient, OPERATIONS, type JsonObject, type Operation } from '../xksClient/keyStoreClient.ts';
import { sendRequest } from '../xksClient/sendRequest.ts';
import { KMS_TIMEOUT_MS, percentile } from '../xksClient/latencies.ts';
import type { Target } from '../xksClient/target.ts';

export interface OperationTiming {
  readonly operation: Operation;
  /** One entry a request, in the order sent. */
  readonly samplesMs: readonly number[];
  /** Requests that were not answered with 200. */
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of the requests that took longer than KMS waits: 0 to 1. */
  readonly overLimit: number;
}

const WARM_UP_REQUESTS = 5;
// A dead proxy is not worth the deadline of every request.
const MAX_FAILURES = 5;

/** Times `requests` sequential requests of each operation on one warm connection, as KMS keeps it. */
export async function timeOperations(
  target: Target,
  requests: number,
  stop: AbortSignal,
  onProgress: (operation: Operation, done: number) => void,
): Promise<OperationTiming[]> {
  const agent = keepAliveAgent(target.endpoint);
  const store = new KeyStoreClient(target, target.keyStore, (request) => sendRequest(target.endpoint, request, agent));
  const timings: OperationTiming[] = [];
  try {
    // A data key of KMS has 32 bytes.
    const sealed = await seal(store, randomBytes(32)).then(sealedFields, () => ({}));
    const fieldsOf: Record<Operation, JsonObject> = {
      health: {},
      metadata: {},
      encrypt: { plaintext: randomBytes(32).toString('base64') },
      decrypt: sealed,
    };
    for (const operation of OPERATIONS) {
      const samplesMs: number[] = [];
      let failures = 0;
      for (let count = -WARM_UP_REQUESTS; count < requests && failures < MAX_FAILURES; count += 1) {
        stop.throwIfAborted();
        const started = performance.now();
        const status = await store.call(operation, fieldsOf[operation]).then(
          (answer) => answer.status,
          () => 0,
        );
        if (count < 0) continue;
        samplesMs.push(performance.now() - started);
        if (status !== 200) failures += 1;
        onProgress(operation, count + 1);
      }
      timings.push(summarize(operation, samplesMs, failures));
    }
  } finally {
    agent.destroy();
  }
  return timings;
}

export function summarize(operation: Operation, samplesMs: readonly number[], failures: number): OperationTiming {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  return {
    operation,
    samplesMs,
    failures,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
    maxMs: sorted.at(-1) ?? 0,
    overLimit: sorted.filter((sample) => sample > KMS_TIMEOUT_MS).length / Math.max(sorted.length, 1),
  };
}
