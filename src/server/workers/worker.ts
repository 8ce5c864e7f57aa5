import type { Socket } from 'node:net';
import type { RefusedPinRecord } from '../../hsm/pkcs11/token/refusedPins.ts';
import type { ServeOrder, Serving } from '../serving.ts';
import { answerCalls, RemoteCalls, type Channel } from '../../messaging/remoteCalls.ts';
import type { SupervisorCalls, WorkerCalls, WorkerStart } from './workerCalls.ts';

/** The way of a worker process to its supervisor. */
export interface SupervisorChannel extends Channel {
  /** This worker's id. */
  readonly worker: number;
  /** Takes the connections that the supervisor gives. */
  readonly onConnection: (take: (connection: Socket) => void) => void;
  /** The process does not wait for further messages any more. */
  release(): void;
}

/** What a worker serves with, which can go over to another configuration in two steps. */
export interface PreparableServing extends Serving {
  prepare(order: ServeOrder): Promise<void>;
  commit(): void;
  discard(): Promise<void>;
  refusedPins(): readonly RefusedPinRecord[];
}

/** Serves as the supervisor says; resolves when it has drained, to what went wrong then. */
export async function runWorker(
  supervisor: SupervisorChannel,
  start: (start: WorkerStart, calls: RemoteCalls<SupervisorCalls>) => Promise<PreparableServing>,
): Promise<readonly string[]> {
  const calls = new RemoteCalls<SupervisorCalls>(supervisor);
  let starting: Promise<PreparableServing> | undefined;
  const serving = (): Promise<PreparableServing> => starting ?? Promise.reject(new Error('the worker was not started'));
  const drained = Promise.withResolvers<readonly string[]>();
  answerCalls<WorkerCalls>(supervisor, {
    start: async (how) => {
      starting = start(how, calls);
      await starting;
    },
    prepare: async (order) => (await serving()).prepare(order),
    commit: async () => {
      (await serving()).commit();
    },
    discard: async () => (await serving()).discard(),
    drain: async (drain) => {
      let complaints: readonly string[] = [];
      try {
        complaints = await (await serving()).drain(drain);
      } finally {
        drained.resolve(complaints);
      }
    },
    status: async () => {
      const proxy = await serving();
      return { readiness: proxy.readiness(), refusedPins: proxy.refusedPins() };
    },
    metrics: async () => (await serving()).metrics(),
  });
  const complaints = await drained.promise;
  supervisor.release();
  return complaints;
}
