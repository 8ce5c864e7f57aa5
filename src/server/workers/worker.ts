import type { Socket } from 'node:net';
import { Peer } from '../../messaging/peer.ts';
import type { ProcessChannel } from '../../messaging/processChannel.ts';
import type { HandOver } from '../listen.ts';
import type { ServeOrder, Serving } from '../serving.ts';
import { connectionTaker } from './connectionHandOver.ts';
import type { SupervisorCalls, WorkerCalls, WorkerStart } from './workerCalls.ts';

/** A worker process's link to its supervisor. */
export interface SupervisorLink {
  /** This worker's id. */
  readonly worker: number;
  readonly channel: ProcessChannel;
}

/** The serving part of a worker, which can switch to another configuration in two steps. */
export interface PreparableServing extends Serving {
  prepare(order: ServeOrder): Promise<void>;
  commit(): void;
  discard(): Promise<void>;
}

/** Starts the serving part of a worker. */
type Start = (start: WorkerStart, supervisor: Peer<SupervisorCalls>, handOver: HandOver) => Promise<PreparableServing>;

/** Serves as the supervisor orders. Resolves after the drain, to the failures of the drain. */
export async function runWorker({ channel }: SupervisorLink, start: Start): Promise<readonly string[]> {
  let starting: Promise<PreparableServing> | undefined;
  const serving = (): Promise<PreparableServing> => starting ?? Promise.reject(new Error('the worker was not started'));
  let take = (connection: Socket): void => {
    connection.destroy();
  };
  const drained = Promise.withResolvers<readonly string[]>();
  const offer: WorkerCalls = {
    ...connectionTaker((connection) => {
      take(connection);
    }),
    start: async (how) => {
      starting = start(how, supervisor, (taking) => {
        take = taking;
      });
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
    status: async () => (await serving()).readiness(),
    metrics: async (names) => (await serving()).metrics(names),
    processes: async () => (await serving()).processes(),
  };
  const supervisor = new Peer<SupervisorCalls>(channel, { name: 'the supervisor', offer });
  const complaints = await drained.promise;
  channel.release();
  return complaints;
}
