import type { TlsOptions } from 'node:tls';
import { testCertificates } from './certificates.ts';
import { httpsClient, xksCall } from './httpsClientUnderTest.ts';
import { httpAnswer, startScriptedServer, type Script } from './scriptedTlsServer.ts';

/** What a good answer to GetKeyMetadata says. */
export const metadata = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };

export const answerWell: Script = (socket) => socket.write(httpAnswer(metadata));

/** The options of a client that waits as long as KMS does. */
export const soon = { answerWithinMs: 250 };

/** A client, and a server that it takes for its proxy; `ask` calls GetKeyMetadata. */
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
