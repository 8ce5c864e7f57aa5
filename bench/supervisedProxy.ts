import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as requestHttp, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { newCredential } from '../src/sigv4/newCredential.ts';
import type { Fault } from '../test/support/faultyModule.ts';
import { KnownKey, type Body, type Probe } from '../test/support/knownKey.ts';
import { healthMetadata, keyPath, paths } from '../test/support/messages.ts';
import { PREFIX, REGION, signedHeaders } from '../test/support/signedRequest.ts';
import { createSoftHsm } from '../test/support/softHsm.ts';
import type { Answer, Asked } from './checkedLoad.ts';
import { createFaultyHsm, type FaultyHsm } from './faultyHsm.ts';
import { startProxyProcess, type ProxyProcess } from './proxyProcess.ts';

export interface SupervisedProxyOptions {
  /** Number of HSMs of the key store. Each has a key manager. */
  readonly hsms: number;
  /** Settings of each key manager in addition to its module, token and PIN. */
  readonly settings: object;
  /** Faults that each HSM has when the proxy starts. */
  readonly faults?: readonly Fault[];
  /** `dist/main.js` of a checkout. Defaults to that of this checkout. */
  readonly program?: string;
}

/** A request that the proxy accepts for five minutes. */
export interface SignedRequest {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

// A request without an answer in this time counts as unanswered.
const GIVE_UP_MS = 15_000;

/** Proxy over faulty HSMs. If its process ends, the faults are removed and it is started again. */
export class SupervisedProxy implements Asked<Probe> {
  readonly key = new KnownKey();
  readonly hsms: readonly FaultyHsm[];
  readonly #softHsm = createSoftHsm();
  readonly #program: string | undefined;
  readonly #credential = newCredential();
  readonly #folder = mkdtempSync(join(tmpdir(), 'xks-proxy-faults-'));
  readonly #configFile = join(this.#folder, 'config.yaml');
  readonly #agent = new Agent({ keepAlive: true });
  #process: ProxyProcess | undefined;
  #restart = Promise.withResolvers<unknown>();
  #stopping = false;
  #restarts = 0;

  /** Resolves when it listens. */
  static async start(options: SupervisedProxyOptions): Promise<SupervisedProxy> {
    const proxy = new SupervisedProxy(options);
    try {
      await proxy.#run();
      return proxy;
    } catch (error) {
      await proxy.dispose();
      throw error;
    }
  }

  private constructor({ hsms, settings, faults = [], program }: SupervisedProxyOptions) {
    this.#program = program;
    this.hsms = Array.from({ length: hsms }, (_, index) => {
      const hsm = createFaultyHsm(this.#softHsm, `hsm-${index + 1}`, this.key.value);
      hsm.module.inject(...faults);
      return hsm;
    });
    const { accessKeyId, secretAccessKey } = this.#credential;
    writeFileSync(join(this.#folder, 'pin'), this.#softHsm.pin.reveal(), { mode: 0o600 });
    writeFileSync(join(this.#folder, 'secret'), secretAccessKey.reveal(), { mode: 0o600 });
    writeFileSync(
      this.#configFile,
      stringify({
        server: { host: '127.0.0.1', port: 0, regions: [REGION], insecureHttp: true },
        keyManagers: this.hsms.map(({ name, module: { module } }) => ({
          name,
          pkcs11: { ...settings, module, token: { label: name }, pin: { file: 'pin' } },
        })),
        keyStores: [
          {
            name: 'faults',
            uriPathPrefix: PREFIX,
            keyManagers: this.hsms.map(({ name }) => name),
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
  ask(probe: Probe): Promise<Answer> {
    return this.send(this.sign(probe));
  }

  /** Signs a request for the key. It can be sent any number of times. */
  sign({ operation, body }: Probe): SignedRequest {
    return this.#sign(keyPath('known', operation), body);
  }

  /** Throws if the connection breaks before the answer is complete. */
  async send({ path, body, headers }: SignedRequest): Promise<Answer> {
    const request = requestHttp({
      host: '127.0.0.1',
      port: this.#process?.port,
      path,
      method: 'POST',
      headers,
      agent: this.#agent,
      timeout: GIVE_UP_MS,
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? NaN, body: JSON.parse(await text(response)) as Body };
  }

  /** Whether all of its key managers serve. */
  async isWell(): Promise<boolean> {
    try {
      const { status, body } = await this.send(this.#sign(paths.health, { requestMetadata: healthMetadata }));
      const fleet = body['ekmFleetDetails'] as { healthStatus: string }[];
      return status === 200 && fleet.every(({ healthStatus }) => healthStatus !== 'UNAVAILABLE');
    } catch {
      return false;
    }
  }

  /** Number of times that the process has ended. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves when the current process has ended, and the next one listens or has failed. */
  restarted(): Promise<unknown> {
    return this.#restart.promise;
  }

  /** Ends the current process. Resolves when the next one listens. */
  async restart(): Promise<void> {
    const restarted = this.restarted();
    await this.#process?.stop();
    await restarted;
  }

  /** Stops the proxy and removes its files. */
  async dispose(): Promise<void> {
    this.#stopping = true;
    this.#clear();
    await this.#process?.stop();
    this.#agent.destroy();
    for (const { module } of this.hsms) module.dispose();
    this.#softHsm.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  async #run(): Promise<void> {
    const options = this.#program === undefined ? {} : { program: this.#program };
    this.#process = await startProxyProcess(this.#configFile, this.#softHsm.env, options);
    void this.#process.ended.then(() => this.#runAgain());
  }

  async #runAgain(): Promise<void> {
    if (this.#stopping) return;
    this.#restarts += 1;
    const { resolve } = this.#restart;
    this.#restart = Promise.withResolvers();
    this.#clear();
    // If the proxy does not start, requests stay unanswered, and the results show this.
    await this.#run().then(resolve, resolve);
  }

  #clear(): void {
    for (const { module } of this.hsms) module.clear();
  }

  #sign(path: string, message: Body): SignedRequest {
    const body = JSON.stringify(message);
    return { path, body, headers: signedHeaders({ path, body, credential: this.#credential }) };
  }
}
