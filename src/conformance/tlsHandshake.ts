import { connect, type ConnectionOptions } from 'node:tls';
import { connectionOptions, explain, NoAnswer } from '../xksClient/sendRequest.ts';
import type { Endpoint } from '../xksClient/target.ts';

export interface Handshake {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** The suite's name in the standard: `TLS_AES_256_GCM_SHA384`. */
  readonly suite: string;
}

/** Completes a TLS handshake with these options, and closes the connection. Throws NoAnswer. */
export async function tlsHandshake(endpoint: Endpoint, options: ConnectionOptions): Promise<Handshake> {
  const socket = connect({ ...connectionOptions(endpoint), ...options });
  try {
    return await new Promise<Handshake>((resolve, reject) => {
      socket.setTimeout(endpoint.deadlineMs, () => {
        reject(new Error(`no handshake within ${endpoint.deadlineMs} ms`));
      });
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('connection closed during the handshake'));
      });
      socket.once('secureConnect', () => {
        resolve({ protocol: socket.getProtocol() ?? '', suite: socket.getCipher().standardName });
      });
    });
  } catch (error) {
    throw new NoAnswer(explain(error, endpoint.deadlineMs), { cause: error });
  } finally {
    socket.destroy();
  }
}
