import type { Config } from '../config/schema/schema.ts';
import type { Connection } from './connections.ts';
import type { ListenDurations } from './listenDurations.ts';
import { readProxyHeader } from './readProxyHeader.ts';
import type { Refusal } from './refusal.ts';

export type ProxyProtocol = Config['server']['proxyProtocol'];

/**
 * Reads the PROXY protocol header of a new connection and records the client that it names. Returns whether the connection may go
 * on.
 */
export async function admitProxied(
  connection: Connection,
  { vpcEndpointIds }: ProxyProtocol,
  { proxyHeaderMs }: Pick<ListenDurations, 'proxyHeaderMs'>,
  onRefused: (refusal: Refusal) => void,
): Promise<boolean> {
  const { socket } = connection;
  const refuse = (reason: string, routine: boolean): false => {
    onRefused({ ...connection.client, reason, routine });
    return false;
  };
  try {
    const header = await readProxyHeader(socket, proxyHeaderMs);
    if (!header) return false;
    // A health check comes through no VPC endpoint. It may complete a TLS handshake, and no more.
    connection.mayRequest = !header.local;
    if (header.local) return true;
    const { sourceAddress = connection.client.remoteAddress, vpcEndpointId } = header;
    connection.client = { remoteAddress: sourceAddress, ...(vpcEndpointId && { vpcEndpointId }) };
    if (vpcEndpointIds.length === 0 || (vpcEndpointId && vpcEndpointIds.includes(vpcEndpointId))) return true;
    return refuse(vpcEndpointId ? 'another VPC endpoint' : 'no VPC endpoint', false);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A load balancer's TCP health check sends nothing.
    return refuse(code ?? message, (socket.bytesRead === 0 && socket.readableEnded) || code === 'ECONNRESET');
  }
}
