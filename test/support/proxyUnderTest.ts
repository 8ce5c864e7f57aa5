import type { RequestListener } from 'node:http';
import request from 'supertest';
import { createApp } from '../../src/app.ts';
import type { TrailEntry } from '../../src/audit/trail/trailEntry.ts';
import { BlockList } from '../../src/blocks/blockList.ts';
import type { KeyStore } from '../../src/keyStores/keyStore.ts';
import { OpenExchanges } from '../../src/http/openExchanges.ts';
import type { TokenBucket } from '../../src/timing/tokenBucket.ts';
import { proxyMetrics, type ProxyMetrics } from '../../src/monitoring/metrics/proxyMetrics.ts';
import type { PolicyEngine } from '../../src/policy/policyEngine.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { SignatureVerifier } from '../../src/sigv4/signatureVerifier.ts';
import { InMemoryKeyManager } from './inMemoryKeyManager.ts';
import { OTHER_PREFIX, PREFIX, REGION, signedHeaders, type PostOptions } from './signedRequest.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly record: Readonly<Record<string, unknown>>;
}

/** The whole app with an in-memory key manager and two key stores, the first with two credentials. */
export class ProxyUnderTest {
  readonly keyManager = new InMemoryKeyManager()
    .addKey('foo-label')
    .addKey('bar')
    .addKey('encrypt-only', ['ENCRYPT'])
    .addKey('decrypt-only', ['DECRYPT'])
    .addKey('neither', []);
  readonly credentials: readonly [Credential, Credential] = [newCredential(), newCredential()];
  readonly otherCredential = newCredential();
  readonly logged: LogLine[] = [];
  /** Log lines about answers that their clients did not read. */
  readonly aborted: object[] = [];
  blockList = BlockList.EMPTY;
  recordingProblem: string | undefined;
  healthStatus: 'ACTIVE' | 'DEGRADED' | 'UNAVAILABLE' = 'ACTIVE';
  /** Milliseconds added to the proxy's clock. */
  clockOffset = 0;

  readonly metrics: ProxyMetrics = proxyMetrics({
    fleetSize: 2,
    keyStores: () => [...this.#keyStores.values()],
    blockList: () => ({ list: this.blockList, problem: undefined }),
    tls: () => undefined,
    trail: () => undefined,
    clock: () => Date.now() + this.clockOffset,
  });

  readonly listener: RequestListener = createApp({
    keyStores: () => this.#keyStores,
    blockList: () => this.blockList,
    verifier: new SignatureVerifier({ regions: new Set([REGION]), clock: () => Date.now() + this.clockOffset }),
    observe: this.metrics.countRequest,
    proxy: { fleetSize: 2, vendor: 'xks-proxy', model: 'xks-proxy 0.0' },
    clientOf: ({ socket: { remoteAddress } }) => ({ remoteAddress }),
    trail: {
      record: (entry) => {
        this.#record(entry);
      },
      recordUnauthenticated: (entry) => {
        this.#record(entry);
        return true;
      },
    },
    log: { warn: (record) => this.aborted.push(record) },
    recordingProblem: () => this.recordingProblem,
    exchanges: new OpenExchanges(),
  });

  readonly #keyStores = new Map<string, KeyStore>([
    [
      PREFIX,
      this.#keyStore('first', PREFIX, this.credentials, [
        { id: 'foo', label: 'foo-label', status: 'enabled' },
        { id: 'encrypt-only', label: 'encrypt-only', status: 'enabled' },
        { id: 'decrypt-only', label: 'decrypt-only', status: 'enabled' },
        { id: 'neither', label: 'neither', status: 'enabled' },
        { id: 'blocked', label: 'foo-label', status: 'blocked' },
        { id: 'gone', label: 'gone', status: 'enabled' },
      ]),
    ],
    [
      OTHER_PREFIX,
      this.#keyStore('second', OTHER_PREFIX, [this.otherCredential], [{ id: 'bar', label: 'bar', status: 'enabled' }]),
    ],
  ]);

  /** Sends a signed request and returns supertest's response. */
  async post(path: string, body: unknown, options: PostOptions = {}) {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const { credential = this.credentials[0], unsigned = {}, ...signing } = options;
    const headers = { ...signedHeaders({ path, body: bytes, credential, ...signing }), ...unsigned };
    // Sent unchanged, because superagent would turn a Buffer into JSON.
    return request(this.listener)
      .post(path)
      .set(headers)
      .serialize((raw: unknown) => raw as string)
      .send(bytes);
  }

  /** Gives the first key store a quota. */
  limit(quota: TokenBucket): void {
    this.#change({ quota });
  }

  /** Gives the first key store a policy. */
  restrict(policy: PolicyEngine): void {
    this.#change({ policy });
  }

  /** Blocks the first key store like its configuration can. */
  block(): void {
    this.#change({ status: 'blocked' });
  }

  get lastLogged(): LogLine | undefined {
    return this.logged.at(-1);
  }

  #change(change: Partial<KeyStore>): void {
    const store = this.#keyStores.get(PREFIX);
    if (store) this.#keyStores.set(PREFIX, { ...store, ...change });
  }

  #keyStore(name: string, uriPathPrefix: string, credentials: readonly Credential[], keys: KeyStoreKeys): KeyStore {
    return {
      name,
      status: 'enabled',
      uriPathPrefix,
      credentials: new Map(credentials.map((credential) => [credential.accessKeyId, credential])),
      keys: new Map(
        keys.map(({ id, label, status }) => [
          id,
          { id, versions: [{ label, ciphertextMetadata: Buffer.alloc(0) }], status },
        ]),
      ),
      keyManagers: [
        {
          keyManager: this.metrics.measure(this.keyManager),
          health: () => ({
            name: this.keyManager.name,
            healthStatus: this.healthStatus,
            description: { id: 'memory-1', vendor: 'tests', model: 'in memory 1.0' },
          }),
          changes: () => [],
          isLost: () => this.healthStatus === 'UNAVAILABLE',
          isLeftOut: () => this.healthStatus === 'UNAVAILABLE',
          succeeded: () => undefined,
          failed: () => undefined,
        },
      ],
    };
  }

  #record({ record: { level, members }, onWritten }: TrailEntry): void {
    this.logged.push({ level, record: members as LogLine['record'] });
    onWritten(undefined);
  }
}

type KeyStoreKeys = readonly { id: string; label: string; status: 'enabled' | 'blocked' }[];
