import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/loadConfig.ts';
import type { ServeOrder } from '../../src/server/serving.ts';
import { Supervisor } from '../../src/server/workers/supervisor.ts';
import { encryptBody, paths, requestMetadata } from '../support/messages.ts';
import { policySetOf } from '../support/policySetOf.ts';
import { startProxy, withFirstStore } from '../support/reconfigurableProxy.ts';
import { ProxyFiles } from '../support/runningProxy.ts';
import { signedHeaders } from '../support/signedRequest.ts';
import { MAIN } from '../support/startTestProgram.ts';

const FILE = 'policies.cedar';
const RELOADED = 'the configuration was reloaded';

/** Files of a proxy with these policies in its first key store. */
function filesWith(policies: string): ProxyFiles {
  const files = new ProxyFiles({ tls: false });
  onTestFinished(() => {
    files.dispose();
  });
  writePolicies(files, policies);
  files.writeConfig(withFirstStore(files, (store) => ({ ...store, ...{ policyFile: FILE } })));
  return files;
}

function writePolicies({ folder }: ProxyFiles, policies: string): void {
  writeFileSync(join(folder, FILE), policies);
}

function many(count: number): string {
  const ids = Array.from({ length: count }, (_, index) => `policy-${index}`);
  return ids.map((id) => `@id("${id}") permit (principal in Account::"123456789012", action, resource);\n`).join('');
}

it('requests are answered while 3,000 policies are loaded', async () => {
  const files = filesWith(many(3_000));
  const proxy = await startProxy(files);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const encrypt = async () => (await proxy.post(paths.encrypt, encryptBody, { agent })).status;
  expect(await encrypt()).toBe(200);

  writePolicies(files, many(3_001));
  const seen = proxy.log.length;
  proxy.signal('SIGHUP');
  const isReloaded = () => proxy.log.slice(seen).some(({ msg }) => msg === RELOADED);
  while (!isReloaded()) expect(await encrypt()).toBe(200);
  agent.destroy();
  const lines = proxy.log.slice(seen).map(({ msg }) => msg);
  // If the policies were loaded in one step, the proxy would answer at most the request before it and the one that waits.
  expect(lines.slice(0, lines.indexOf(RELOADED)).filter((msg) => msg === 'request').length).toBeGreaterThan(10);
});

it('workers apply the policies of their order, and do not parse those of the snapshot', async () => {
  const files = filesWith(many(1));
  const { snapshot } = loadConfig(files.configFile, {});
  const path = join(files.folder, FILE);
  const orderOf = (account: string): ServeOrder => ({
    file: files.configFile,
    snapshot: { ...snapshot, [path]: { text: 'not Cedar', mode: 0o644 } },
    policySets: [policySetOf(`@id("one") permit (principal in Account::"${account}", action, resource);`, FILE)],
    ticketKeys: randomBytes(48),
    logLevel: 'silent',
    processes: 2,
  });
  const served: unknown[] = [];
  const note = (_fields: object, message: string) => {
    if (message === 'a worker serves') served.push(message);
  };
  const supervisor = await Supervisor.start(orderOf('123456789012'), {
    host: '127.0.0.1',
    port: 0,
    onRefused: () => undefined,
    output: { log: () => undefined, isBehind: () => false, error: () => undefined },
    log: { info: note, error: note },
    records: { note: () => undefined, problem: undefined, stop: () => Promise.resolve([]) },
    clock: () => performance.now(),
    retainCounts: (snapshots) => Promise.resolve(snapshots.flat()),
    onRestart: () => undefined,
    program: { exec: MAIN, args: ['serve', '--config', files.configFile] },
  });
  try {
    await expect.poll(() => served.length).toBe(2);
    // Workers take connections in turn.
    const encryptTwice = async (account: string) => {
      const metadata = { ...requestMetadata, awsPrincipalArn: `arn:aws:iam::${account}:user/Alice` };
      const body = JSON.stringify({ ...encryptBody, requestMetadata: metadata });
      const send = () => post(supervisor.address.port, body, files);
      return [await send(), await send()];
    };
    expect(await encryptTwice('123456789012')).toEqual([200, 200]);
    expect(await encryptTwice('210987654321')).toEqual([403, 403]);
    await supervisor.apply(orderOf('210987654321'));
    expect(await encryptTwice('123456789012')).toEqual([403, 403]);
    expect(await encryptTwice('210987654321')).toEqual([200, 200]);
  } finally {
    await supervisor.drain({ drainMs: 0, lameDuckMs: 0 });
  }
});

/** The status of a signed Encrypt on its own connection. */
async function post(port: number, body: string, { credentials: [credential] }: ProxyFiles): Promise<number> {
  const headers = signedHeaders({ path: paths.encrypt, body, credential });
  const sent = request({ host: '127.0.0.1', port, path: paths.encrypt, method: 'POST', headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? NaN;
}
