import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '../src/processFlags.ts';
import { xksProxyUriPath } from '../src/xks/path.ts';
import { curlArguments, shellLine } from './curlCommand.ts';
import { encryptAndDecrypt, encryptRequest } from './firstRequests.ts';
import { KEY, REGION } from './localConfig.ts';
import { setUpLocal, type LocalSetUp } from './setUp.ts';
import { startProgram } from './startProgram.ts';

/**
 * Signals that end a run, with the signal for the proxy. It differs, because a terminal sends the first one to the proxy as well,
 * and a second signal of the same kind would cut its draining short.
 */
const SIGNALS = [
  ['SIGINT', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGHUP', 'SIGTERM'],
] as const;

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 8443;

/** Runs `make run`: a proxy over SoftHSM, until Ctrl-C. Throws if the proxy ends by itself or fails. */
async function run(root: string, address: { host: string; port: number }): Promise<void> {
  const main = join(root, 'dist/main.js');
  const setUp = setUpLocal(root, { ...address, main, env: process.env, folder: folderFor(root, address) });
  const proxy = startProgram([process.execPath, ...NODE_FLAGS, main, 'serve', '--config', setUp.configFile], {
    env: { ...PROCESS_ENVIRONMENT, ...setUp.env },
  });
  proxy.stdout.pipe(process.stdout);
  proxy.stderr.pipe(process.stderr);
  const asked = new AbortController();
  for (const [signal, passedOn] of SIGNALS) {
    process.on(signal, () => {
      if (!asked.signal.aborted) proxy.signal(passedOn);
      asked.abort();
    });
  }
  try {
    process.stdout.write(await introduce(setUp, await proxy.listening));
  } catch (error) {
    if (!asked.signal.aborted) {
      proxy.signal('SIGTERM');
      process.stderr.write('If the port is in use, choose another: PORT=9443 make run\n');
      throw error;
    }
  }
  const end = await proxy.ended;
  if (!asked.signal.aborted || end !== 0) throw new Error(`xks-proxy ended: ${end}`);
}

/** Sends an encrypt and a decrypt, and prints how to send others. */
async function introduce(
  { uriPathPrefix, credential, caFile, configFile, credentialFile }: LocalSetUp,
  port: number,
): Promise<string> {
  const endpoint = `https://localhost:${port}`;
  const keyUrl = `${endpoint}${xksProxyUriPath(uriPathPrefix)}/keys/${KEY}`;
  const signing = { caFile, region: REGION, credential };
  await encryptAndDecrypt(keyUrl, signing);
  return `
An encrypt and a decrypt with the external key ${KEY} worked.

Endpoint: ${endpoint}
Configuration: ${configFile}

Credential file for the KMS console, ${credentialFile}:
${readFileSync(credentialFile, 'utf8')}
To encrypt from another terminal:
${shellLine(['curl', ...curlArguments(encryptRequest(keyUrl, signing))])}

Ctrl-C stops the proxy.

`;
}

/** Returns the folder for an address. Each address has its own, so that a second proxy leaves the first one's configuration alone. */
function folderFor(root: string, { host, port }: { host: string; port: number }): string {
  const made = join(root, 'local/made');
  // A listener on all addresses excludes others on the same port, so it can use the default folder.
  if (![DEFAULT_HOST, '0.0.0.0', '::'].includes(host)) return join(made, `${host}-${port}`);
  return port === DEFAULT_PORT ? made : join(made, String(port));
}

function portOf(text = ''): number {
  const port = Number(text || DEFAULT_PORT);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT must be a number up to 65535, not ${text}.`);
}

try {
  const { LISTEN_HOST: host = DEFAULT_HOST, PORT: port } = process.env;
  await run(join(import.meta.dirname, '..'), { host, port: portOf(port) });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
