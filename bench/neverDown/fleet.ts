import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { OTHER_PREFIX, PREFIX, REGION } from '../../test/support/signedRequest.ts';
import { runProgram } from '../../test/support/runProgram.ts';
import { createSoftHsm } from '../../test/support/softHsm.ts';
import { until } from '../until.ts';
import { MAIN } from '../../test/support/startTestProgram.ts';
import { VPC_ENDPOINT, type LoadBalancer } from './loadBalancer.ts';
import { ProxyInstance } from './proxyInstance.ts';

export interface FleetOptions {
  readonly credential: Credential;
  readonly server: KeyPair;
  /** PEM of the authorities that client certificates must chain to. */
  readonly clientCa: string;
  /** Bytes of the key `known`. */
  readonly known: Buffer;
}

/** Parts of the configuration that are edited. */
export interface EditableConfig {
  keyStores: {
    quota?: { requestsPerSecond: number; burst?: number };
    keys: { id: string; status?: string; versions?: { label: string; decryptOnly?: boolean }[] }[];
  }[];
}

const TARGETS = 2;
const WORKERS = 2;
const DRAIN_SECONDS = 10;
// Longer than KMS waits, so that a busy machine does not look like an HSM that hangs.
const TIMEOUT_MS = 5_000;

/** Proxies over one token behind a load balancer, with the configuration that each of them gets. */
export class Fleet {
  readonly balancer: LoadBalancer;
  /** Proxies that serve. */
  readonly instances: ProxyInstance[] = [];
  /** Proxies that have drained. */
  readonly former: ProxyInstance[] = [];
  /** Credential of the second key store. */
  readonly secondCredential = newCredential();
  readonly #softHsm = createSoftHsm();
  readonly #folder = mkdtempSync(join(tmpdir(), 'xks-proxy-never-down-'));
  readonly #master = join(this.#folder, 'master');
  #begun = 0;

  constructor(balancer: LoadBalancer, options: FleetOptions) {
    this.balancer = balancer;
    this.#softHsm.importKey('known', options.known);
    for (const label of ['rotating', 'blockable', 'other']) this.#softHsm.importKey(label, randomBytes(32));
    mkdirSync(this.#master);
    this.write('pin', this.#softHsm.pin.reveal());
    this.write('client-ca.crt', options.clientCa);
    this.writeServerCertificate(options.server);
    this.write('config.yaml', stringify(this.#configuration(options.credential)));
  }

  get configFile(): string {
    return join(this.#master, 'config.yaml');
  }

  /** Resolves when all targets are healthy. */
  async start(): Promise<void> {
    for (let target = 1; target <= TARGETS; target += 1) await this.launch();
    await this.allHealthy();
  }

  /** Starts one more target, with the current configuration. */
  async launch(): Promise<void> {
    this.#begun += 1;
    const folder = join(this.#folder, `target-${this.#begun}`);
    cpSync(this.#master, folder, { recursive: true });
    const instance = await ProxyInstance.start(`target ${this.#begun}`, folder, WORKERS, this.#softHsm.env);
    this.instances.push(instance);
    this.balancer.register(instance);
  }

  /** Stops the target that has run longest. Resolves when it has ended. */
  async retire(): Promise<void> {
    const [oldest] = this.instances;
    if (!oldest) return;
    await oldest.drain();
    this.instances.shift();
    this.former.push(oldest);
    this.balancer.deregister(oldest);
  }

  async allHealthy(): Promise<void> {
    await until('all targets are healthy', () => this.instances.every((each) => this.balancer.isHealthy(each)));
  }

  /** Resolves when each target has all its workers. */
  async allServing(): Promise<void> {
    await Promise.all(this.instances.map((each) => each.serving(WORKERS)));
  }

  /** Writes a file of the configuration, for its owner alone. */
  write(name: string, contents: string): void {
    writeFileSync(join(this.#master, name), contents, { mode: 0o600 });
  }

  writeServerCertificate(pair: KeyPair): void {
    writeKeyPair(this.#master, 'server', pair);
  }

  read(name: string): string {
    return readFileSync(join(this.#master, name), 'utf8');
  }

  edit(change: (config: EditableConfig) => void): void {
    const config = parse(this.read('config.yaml')) as EditableConfig;
    change(config);
    this.write('config.yaml', stringify(config));
  }

  /** Runs `xks-proxy` on the configuration; resolves to what it printed. Throws unless it succeeds. */
  async run(...args: string[]): Promise<string> {
    const program = [process.execPath, MAIN, ...args, '--config', this.configFile] as const;
    const { exitCode, stdout, stderr } = await runProgram(program, { env: this.#softHsm.env });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }

  /** Gives the configuration to one target after another. Each must reload it, or refuse it. */
  async publish(outcome: 'reloaded' | 'refused' = 'reloaded', { signal = true } = {}): Promise<void> {
    for (const instance of this.instances) {
      const done = instance.reloads(outcome);
      // config.yaml comes last, and each file is replaced in one step.
      const names = readdirSync(this.#master).sort((a, b) => Number(a === 'config.yaml') - Number(b === 'config.yaml'));
      for (const name of names) {
        cpSync(join(this.#master, name), join(this.#folder, name));
        renameSync(join(this.#folder, name), join(instance.folder, name));
      }
      if (signal) instance.hangUp();
      await done;
    }
  }

  /** Stops all processes and removes all files. */
  async dispose(): Promise<void> {
    await Promise.allSettled(this.instances.map((each) => each.drain()));
    this.#softHsm.dispose();
    rmSync(this.#folder, { recursive: true });
  }

  #configuration(credential: Credential) {
    const { module, tokenLabel } = this.#softHsm;
    const clientAuth = { caFile: 'client-ca.crt', commonNames: ['cks.kms.us-east-1.amazonaws.com'] };
    const store = (
      name: string,
      uriPathPrefix: string,
      { accessKeyId, secretAccessKey }: Credential,
      ids: string[],
    ) => {
      this.write(accessKeyId, secretAccessKey.reveal());
      const credentials = [{ accessKeyId, secretAccessKey: { file: accessKeyId } }];
      return { name, uriPathPrefix, keyManagers: ['softhsm'], credentials, keys: ids.map((id) => ({ id })) };
    };
    return {
      server: {
        host: '127.0.0.1',
        port: 0,
        regions: [REGION],
        tls: { certificateFile: 'server.crt', privateKeyFile: 'server.key', clientAuth },
        proxyProtocol: { enabled: true, vpcEndpointIds: [VPC_ENDPOINT] },
        workers: WORKERS,
        fleetSize: TARGETS,
        drainSeconds: DRAIN_SECONDS,
      },
      monitoring: { host: '127.0.0.1', port: 0 },
      keyManagers: [
        {
          name: 'softhsm',
          pkcs11: { module, token: { label: tokenLabel }, pin: { file: 'pin' }, timeoutMs: TIMEOUT_MS },
        },
      ],
      keyStores: [
        store('first', PREFIX, credential, ['known', 'rotating']),
        store('second', OTHER_PREFIX, this.secondCredential, ['blockable', 'other']),
      ],
    };
  }
}
