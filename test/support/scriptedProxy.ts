import type { TlsOptions } from 'node:tls';
import { testCertificates } from './certificates.ts';
import { httpsClient, xksCall } from './httpsClientUnderTest.ts';
import { httpAnswer, startScriptedServer, type Script } from './scriptedTlsServer.ts';

/** A correct answer to GetKeyMetadata. */
export const metadata = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };

export const answerWell: Script = (socket) => socket.write(httpAnswer(metadata));

/** A correct answer to GetHealthStatus, with one external key manager. */
export function answerHealth(healthStatus: 'ACTIVE' | 'UNAVAILABLE'): Script {
  const health = {
    xksProxyFleetSize: 1,
    xksProxyVendor: 'test',
    xksProxyModel: 'scripted',
    ekmVendor: 'test',
    ekmFleetDetails: [{ id: 'ekm-1', model: 'scripted', healthStatus }],
  };
  return (socket) => socket.write(httpAnswer(health));
}

/** Options of a client that gives up soon, but not before a busy machine has made its connection. */
export const soon = { answerWithinMs: 1_000 };

/** A client and the server that is its proxy. `ask` calls GetKeyMetadata. */
export async function startClientAndServer(
  script: Script,
  server: TlsOptions = {},
  options: Parameters<typeof httpsClient>[2] = {},
) {
  const proxy = await startScriptedServer(script, server);
  const { client, exchanges } = httpsClient(proxy.port, testCertificates.ca.certificate, options);
  const call = xksCall();
  return { proxy, client, exchanges, call, ask: () => client.getKeyMetadata(call, 'foo') };
}
