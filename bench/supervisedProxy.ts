import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as requestHttp, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { newCredential } from '../src/sigv4/newCredential.ts';
import { createFaultyModule, type FaultyModule } from '../test/support/faultyModule.ts';
import { KnownKey, type Body, type Probe } from '../test/support/knownKey.ts';
import { healthMetadata, keyPath, paths } from '../test/support/messages.ts';
import { PREFIX, REGION, signedHeaders } from '../test/support/proxyUnderTest.ts';
import type { SoftHsmFixture } from '../test/support/softHsm.ts';
import type { Answer, Asked } from './checkedLoad.ts';
import { startProxyProcess, type ProxyProcess } from './proxyProcess.ts';

export interface SupervisedProxyOptions {
  readonly softHsm: SoftHsmFixture;
  /** Of its one key store, each with a faulty module in front of a copy of SoftHSM, and a token of its own. */
  readonly keyManagers: number;
  /** Of each key manager. */
  readonly timeoutMs: number;
}

// An answer that takes longer is none.
const GIVE_UP_MS = 15_000;

/** The proxy over faulty modules, in a process that is started again when it ends, after its faults were lifted. */
export class SupervisedProxy implements Asked<Probe> {
  readonly key = new KnownKey();
  readonly modules: readonly FaultyModule[];
  readonly #credential = newCredential();
  readonly #folder = mkdtempSync(join(tmpdir(), 'xks-proxy-faults-'));
  readonly #configFile = join(this.#folder, 'config.yaml');
  readonly #env: SoftHsmFixture['env'];
  readonly #agent = new Agent({ keepAlive: true });
  #process: ProxyProcess | undefined;
  #restart = Promise.withResolvers<unknown>();
  #stopping = false;

  /** Resolves when it listens. */
  static async start(options: SupervisedProxyOptions): Promise<SupervisedProxy> {
    const proxy = new SupervisedProxy(options);
    await proxy.#run();
    return proxy;
  }

  private constructor({ softHsm, keyManagers, timeoutMs }: SupervisedProxyOptions) {
    // Of this proxy and key manager alone.
    const tokenOf = (index: number) => `${index + 1} of ${keyManagers}`;
    this.#env = softHsm.env;
    this.modules = Array.from({ length: keyManagers }, (_, index) => {
      softHsm.addToken(tokenOf(index));
      softHsm.importKey('known', this.key.value, [], tokenOf(index));
      return createFaultyModule({ ...softHsm, separate: true });
    });
    const { accessKeyId, secretAccessKey } = this.#credential;
    writeFileSync(join(this.#folder, 'pin'), softHsm.pin.reveal(), { mode: 0o600 });
    writeFileSync(join(this.#folder, 'secret'), secretAccessKey.reveal(), { mode: 0o600 });
    const common = { pin: { file: 'pin' }, calls: 'threadpool', sessions: 32, timeoutMs };
    const nameOf = (index: number) => `hsm-${index + 1}`;
    writeFileSync(
      this.#configFile,
      stringify({
        server: { host: '127.0.0.1', port: 0, regions: [REGION], insecureHttp: true },
        keyManagers: this.modules.map(({ module }, index) => ({
          name: nameOf(index),
          pkcs11: { ...common, module, token: { label: tokenOf(index) } },
        })),
        keyStores: [
          {
            name: 'faults',
            uriPathPrefix: PREFIX,
            keyManagers: this.modules.map((_, index) => nameOf(index)),
            credentials: [{ accessKeyId, secretAccessKey: { file: 'secret' } }],
            keys: [{ id: 'known' }],
          },
        ],
      }),
    );
  }

  probe(operation: Probe['operation']): Probe {
    return operation === 'encrypt' ? this.key.encryptProbe() : this.key.decryptProbe();
  }

  /** Sends a request for the key. Throws if the connection breaks before the answer is complete. */
  ask({ operation, body }: Probe): Promise<Answer> {
    return this.#post(keyPath('known', operation), body);
  }

  /** Whether all of its key managers serve. */
  async isWell(): Promise<boolean> {
    try {
      const { status, body } = await this.#post(paths.health, { requestMetadata: healthMetadata });
      const fleet = body['ekmFleetDetails'] as { healthStatus: string }[];
      return status === 200 && fleet.every(({ healthStatus }) => healthStatus !== 'UNAVAILABLE');
    } catch {
      return false;
    }
  }

  /** Resolves when the process that runs now has ended, and another one listens or has failed to. */
  restarted(): Promise<unknown> {
    return this.#restart.promise;
  }

  /** Stops it and removes its files. */
  async dispose(): Promise<void> {
    this.#stopping = true;
    for (const module of this.modules) module.clear();
    await this.#process?.stop();
    this.#agent.destroy();
    for (const module of this.modules) module.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  async #run(): Promise<void> {
    this.#process = await startProxyProcess(this.#configFile, this.#env);
    void this.#process.ended.then(() => this.#runAgain());
  }

  async #runAgain(): Promise<void> {
    if (this.#stopping) return;
    const { resolve } = this.#restart;
    this.#restart = Promise.withResolvers();
    for (const module of this.modules) module.clear();
    // If it does not start, no request is answered any more, and that is what is measured.
    await this.#run().then(resolve, resolve);
  }

  async #post(path: string, message: Body): Promise<Answer> {
    const body = JSON.stringify(message);
    const request = requestHttp({
      host: '127.0.0.1',
      port: this.#process?.port,
      path,
      method: 'POST',
      headers: signedHeaders({ path, body, credential: this.#credential }),
      agent: this.#agent,
      timeout: GIVE_UP_MS,
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? NaN, body: JSON.parse(await text(response)) as Body };
  }
}
