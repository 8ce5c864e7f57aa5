import type { HttpAnswer } from './parseAnswer.ts';
import { ProxyEndpoint, type Address } from './proxyEndpoint.ts';
import { readCiphertext, readHealthStatus, readKeyMetadata, readPlaintext, requireEkm } from './readAnswer.ts';
import { sendRequest, type Outcome } from './sendRequest.ts';
import { signRequest } from './signRequest.ts';
import { tlsContextOf, type TlsFiles } from './tlsContext.ts';
import type {
  ExternalCiphertext,
  ExternalKeyMetadata,
  HealthStatus,
  XksCall,
  XksExchange,
  XksProxyClient,
} from './xksProxyClient.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';
import { decryptRequest, encryptRequest, healthRequest, metadataRequest, type XksRequest } from './xksRequest.ts';

export interface HttpsXksProxyClientOptions {
  /** The Region of the credential scope. */
  readonly region: string;
  /** Addresses to connect to, by name in lower case. Other names are connected to at port 443. */
  readonly resolve: ReadonlyMap<string, Address>;
  /** Read again for the first connection to an endpoint, at the start and after `disconnect`. */
  readonly tls: TlsFiles;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since an arbitrary time. */
  readonly monotonicClock: () => number;
  /** Called once at the end of each call. */
  readonly onExchange: (exchange: XksExchange) => void;
  /** Time limit from the request to the last byte of the answer, including connection and TLS. The default is AWS's 250. */
  readonly answerWithinMs?: number;
}

const HTTPS = 'https://';

/** Client over HTTPS with persistent connections. */
export class HttpsXksProxyClient implements XksProxyClient {
  readonly #options: HttpsXksProxyClientOptions;
  readonly #tlsContext;
  readonly #endpoints = new Map<string, ProxyEndpoint>();
  /** Disconnected endpoints with running requests. */
  #retired: readonly ProxyEndpoint[] = [];

  constructor(options: HttpsXksProxyClientOptions) {
    this.#options = options;
    this.#tlsContext = tlsContextOf(options.tls);
  }

  async getHealthStatus(call: XksCall): Promise<HealthStatus> {
    const health = await this.#perform(healthRequest(call), readHealthStatus, (value) => value);
    // Checked only here, because the exchange itself succeeded and the metrics have its health.
    requireEkm(health);
    return health;
  }

  getKeyMetadata(call: XksCall, xksKeyId: string): Promise<ExternalKeyMetadata> {
    return this.#perform(metadataRequest(call, xksKeyId), readKeyMetadata);
  }

  encrypt(call: XksCall, xksKeyId: string, plaintext: Buffer, aad: Buffer): Promise<ExternalCiphertext> {
    const request = encryptRequest(call, xksKeyId, plaintext, aad);
    return this.#perform(request, (answer) => readCiphertext(answer, plaintext, aad));
  }

  decrypt(call: XksCall, xksKeyId: string, sealed: ExternalCiphertext, aad: Buffer): Promise<Buffer> {
    const request = decryptRequest(call, xksKeyId, sealed, aad);
    return this.#perform(request, (answer) => readPlaintext(answer, sealed.ciphertext));
  }

  disconnect(uriEndpoint: string): void {
    const name = nameOf(uriEndpoint);
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) return;
    endpoint.retire();
    this.#endpoints.delete(name);
    this.#retired = [...this.#retired, endpoint].filter(({ isInUse }) => isInUse);
  }

  close(): void {
    for (const endpoint of [...this.#endpoints.values(), ...this.#retired]) endpoint.close();
    this.#endpoints.clear();
  }

  async #perform<Value>(
    request: XksRequest,
    read: (answer: HttpAnswer) => Value,
    healthOf: (value: Value) => HealthStatus | undefined = () => undefined,
  ): Promise<Value> {
    const { call, xksOperation } = request;
    const { monotonicClock, onExchange } = this.#options;
    const start = monotonicClock();
    let certificate: XksExchange['certificate'];
    const report = (result: Pick<XksExchange, 'failure' | 'health'>): void => {
      onExchange({ call, xksOperation, latencyMs: monotonicClock() - start, certificate, ...result });
    };
    let value: Value;
    try {
      const outcome = await this.#send(request);
      certificate = outcome.certificate;
      if ('failure' in outcome) throw outcome.failure;
      value = read(outcome.answer);
    } catch (error) {
      const failure = error instanceof XksProxyFailure ? error : new XksProxyFailure('Internal', String(error));
      report({ failure, health: undefined });
      throw failure;
    }
    report({ failure: undefined, health: healthOf(value) });
    return value;
  }

  async #send({ call: { proxy }, path, body }: XksRequest): Promise<Outcome> {
    const { region, clock, answerWithinMs = 250 } = this.#options;
    const host = nameOf(proxy.uriEndpoint);
    const headers = await signRequest({ host, path, body }, { ...proxy, region, time: clock() });
    return sendRequest(this.#endpoint(host), { path, headers, body }, answerWithinMs);
  }

  #endpoint(name: string): ProxyEndpoint {
    let endpoint = this.#endpoints.get(name);
    if (!endpoint) {
      const address = this.#options.resolve.get(name) ?? { host: name, port: 443 };
      endpoint = new ProxyEndpoint(name, address, this.#tlsContext());
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }
}

/** Returns the name in lower case, because case does not matter in names. */
function nameOf(uriEndpoint: string): string {
  return uriEndpoint.slice(HTTPS.length).toLowerCase();
}
