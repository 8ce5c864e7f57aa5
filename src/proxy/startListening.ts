import type { Logger } from 'pino';
import { createApp, type AppDependencies } from '../app.ts';
import type { Trail } from '../audit/trail/trail.ts';
import type { Config } from '../config/schema/schema.ts';
import { LimitedTrail } from '../http/limitedTrail.ts';
import { listen, UNRECORDABLE, type HandOver, type Listening } from '../server/listen.ts';
import { ListenFailure } from '../server/listenFailure.ts';
import type { Refusal } from '../server/refusal.ts';
import { refusalLog } from '../server/refusalLog.ts';
import type { ServeOrder } from '../server/serving.ts';
import { SignatureVerifier } from '../sigv4/signatureVerifier.ts';
import { version } from '../version.ts';

interface ListeningDependencies {
  readonly log: Logger;
  /** If left out, the proxy listens on the port of the configuration. */
  readonly handOver?: HandOver;
  readonly app: Pick<AppDependencies, 'keyStores' | 'blockList' | 'observe' | 'log' | 'exchanges'>;
  readonly trail: Trail;
  readonly refused: ((refusal: Refusal) => void) | undefined;
  readonly maxConnections: number;
}

/** Starts serving requests. Throws ListenFailure. */
export async function startListening(
  { server }: Config,
  { ticketKeys }: ServeOrder,
  { app, trail, refused, maxConnections, log, handOver }: ListeningDependencies,
): Promise<Listening> {
  const { host, port, tls, proxyProtocol, regions, fleetSize } = server;
  const verifier = new SignatureVerifier({ regions: new Set(regions), clock: Date.now });
  const proxy = { fleetSize, vendor: 'xks-proxy', model: `xks-proxy ${version}` };
  const clock = () => performance.now();
  const recording = { trail: new LimitedTrail(trail, clock), recordingProblem: () => trail.problem };
  const logRefusal = refusalLog(log, clock);
  try {
    return await listen({
      source: handOver ?? { host, port },
      tls,
      ticketKeys,
      proxyProtocol,
      maxConnections,
      canRecord: () => !trail.isFull,
      listener: (clientOf) => createApp({ ...app, ...recording, verifier, proxy, clientOf }),
      onRefused: (refusal) => {
        if (refusal.reason === UNRECORDABLE) trail.omit();
        refused?.(refusal);
        logRefusal(refusal);
      },
    });
  } catch (error) {
    throw new ListenFailure({ host, port }, error, 'server');
  }
}
