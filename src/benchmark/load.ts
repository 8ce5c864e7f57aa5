import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '../xksClient/keyStoreClient.ts';
import type { Target } from '../xksClient/target.ts';
import { KMS_TIMEOUT_MS, percentile } from '../xksClient/latencies.ts';
import type { PreparedRequest } from './prepareRequests.ts';
import { Sender } from './sender.ts';

export interface LoadOptions {
  /** Requests per second. Each is sent when it is due, even if earlier ones have no answer yet. */
  readonly rate: number;
  readonly seconds: number;
  /** Connections kept open. A request that is due while all are in use waits, and its time includes the wait. */
  readonly connections: number;
  readonly stop: AbortSignal;
}

export interface LoadResult {
  readonly rate: number;
  readonly sent: number;
  /** Share of all requests, from 0 to 1, that got a good answer within the 250 ms that KMS waits. */
  readonly inTime: number;
  /** Good answers per second. */
  readonly goodput: number;
  readonly operations: readonly OperationResult[];
  /** Number of failed requests by kind of failure, and `other failures` for further kinds. */
  readonly failures: Readonly<Record<string, number>>;
  /** 99th percentile of the generator's delay in sending a request. */
  readonly lateP99Ms: number;
  /** CPU time of the generator as a share of one core. */
  readonly generatorCpu: number;
}

export interface OperationResult {
  readonly operation: Operation;
  /** Milliseconds from the time a request was due to its answer, for each good answer. */
  readonly samplesMs: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const MAX_FAILURE_KINDS = 20;

/** Sends the prepared requests in turn at the given rate. Throws the reason of `stop` when that is aborted. */
export async function runLoad(
  target: Target,
  requests: readonly PreparedRequest[],
  { rate, seconds, connections, stop }: LoadOptions,
): Promise<LoadResult> {
  const sender = new Sender(target.endpoint, connections);
  const samples = new Map<Operation, number[]>(requests.map(({ operation }) => [operation, []]));
  const failures: Record<string, number> = {};
  const lateMs: number[] = [];
  const running = new Set<Promise<void>>();
  const ask = async (prepared: PreparedRequest, due: number): Promise<void> => {
    const failure = await sender.send(prepared);
    if (failure === undefined) samples.get(prepared.operation)?.push(performance.now() - due);
    else {
      // A proxy may make up a new error for each request.
      const isKnown = failure in failures || Object.keys(failures).length < MAX_FAILURE_KINDS;
      const kind = isKnown ? failure : 'other failures';
      failures[kind] = (failures[kind] ?? 0) + 1;
    }
  };
  const close = sender.close.bind(sender);
  stop.addEventListener('abort', close);
  try {
    await sender.open(requests);
    const total = Math.round(rate * seconds);
    const [cpuBefore, startedAt] = [process.cpuUsage(), performance.now()];
    for (let sent = 0; sent < total;) {
      stop.throwIfAborted();
      const elapsed = performance.now() - startedAt;
      for (; sent < total && (sent / rate) * 1_000 <= elapsed; sent += 1) {
        const due = startedAt + (sent / rate) * 1_000;
        lateMs.push(performance.now() - due);
        const prepared = requests[sent % requests.length];
        if (!prepared) throw new Error('nothing was prepared');
        const asked = ask(prepared, due).finally(() => running.delete(asked));
        running.add(asked);
      }
      await sleep(1);
    }
    const wallMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuBefore);
    await Promise.all(running);
    stop.throwIfAborted();
    const good = [...samples.values()].flat();
    return {
      rate,
      sent: total,
      inTime: good.filter((ms) => ms <= KMS_TIMEOUT_MS).length / total,
      goodput: good.length / seconds,
      operations: [...samples].map(([operation, samplesMs]) => summarize(operation, samplesMs)),
      failures,
      lateP99Ms: percentile(
        lateMs.sort((a, b) => a - b),
        99,
      ),
      generatorCpu: (user + system) / 1_000 / wallMs,
    };
  } finally {
    stop.removeEventListener('abort', close);
    close();
  }
}

function summarize(operation: Operation, samplesMs: readonly number[]): OperationResult {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const [p50Ms = 0, p99Ms = 0, p999Ms = 0] = [50, 99, 99.9].map((percent) => percentile(sorted, percent));
  return { operation, samplesMs, p50Ms, p99Ms, p999Ms, maxMs: sorted.at(-1) ?? 0 };
}
