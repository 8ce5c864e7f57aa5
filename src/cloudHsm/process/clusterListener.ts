import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Channel } from '../../messaging/channel.ts';
import { lineChannel } from '../../messaging/lineChannel.ts';
import { Peer } from '../../messaging/peer.ts';
import { CLUSTER_FAILURES, ClusterFailure } from '../clusterFailure.ts';
import type { Cluster } from './cluster.ts';
import { findFault } from './clusterRequest.ts';

const MAX_CONNECTIONS = 256;
const MAX_LINE_BYTES = 65_536;

/** Listens on the socket of a cluster. Any program of this user may connect, and send anything. */
export class ClusterListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(cluster: Cluster) {
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      this.#sockets.add(socket);
      serve(socket, cluster, () => this.#sockets.delete(socket));
      void letOthersEnd().then(() => socket.resume());
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Replaces a socket that an ended process has left behind. No other process may listen at this path. Rejects with the system's error. */
  static async listen(path: string, cluster: Cluster): Promise<ClusterListener> {
    const listener = new ClusterListener(cluster);
    rmSync(path, { force: true });
    listener.#server.listen(path);
    await once(listener.#server, 'listening');
    listener.#server.on('error', () => undefined);
    return listener;
  }

  /** Ends the connections and removes the socket. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Waits until the ends of earlier connections have been seen, because a login that they left would make the new connection's login fail.
 * The first turn of the event loop may read the last data of such a connection, and the second turn its end.
 */
async function letOthersEnd(): Promise<void> {
  await turn();
  await turn();
}

function serve(socket: Socket, cluster: Cluster, onEnd: () => void): void {
  const client = {};
  // An error ends the connection, and `close` follows.
  socket
    .on('error', () => undefined)
    .on('end', () => {
      cluster.leave(client);
    })
    .on('close', () => {
      cluster.leave(client);
      onEnd();
    });
  const refuse = (reason: string): void => {
    answer(undefined, reason);
    socket.destroySoon();
  };
  const channel = lineChannel(socket, { maxBytes: MAX_LINE_BYTES, onRefused: refuse });
  const answer = (call: number | undefined, reason: string): void => {
    channel.send({ answer: call ?? null, error: CLUSTER_FAILURES.encode(new ClusterFailure('refused', reason)) });
  };
  const guarded: Channel = {
    ...channel,
    onMessage: (listener) => {
      channel.onMessage((message) => {
        const fault = findFault(message);
        if (!fault) listener(message);
        else if (fault.call === undefined) refuse(fault.reason);
        else answer(fault.call, fault.reason);
        waitForReader(socket);
      });
    },
  };
  new Peer(guarded, { name: 'a client', offer: cluster.offerTo(client), errors: CLUSTER_FAILURES });
}

/** Reads no further calls until the client has read its answers, so that unread answers do not fill the memory. */
function waitForReader(socket: Socket): void {
  if (!socket.writableNeedDrain || socket.isPaused()) return;
  socket.pause().once('drain', () => socket.resume());
}
