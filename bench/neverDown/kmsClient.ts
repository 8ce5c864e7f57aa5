import { once } from 'node:events';
import { Agent, request as requestHttps, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { KnownKey, type Body, type Probe } from '../../test/support/knownKey.ts';
import { keyPath } from '../../test/support/messages.ts';
import { signedHeaders } from '../../test/support/signedRequest.ts';
import type { Answer, Asked } from '../checkedLoad.ts';
import { headerOf, type Flow, type LoadBalancer, type Target } from './loadBalancer.ts';
import { RoundTripKey } from './roundTripKey.ts';

export interface KeyProbe extends Probe {
  readonly path: string;
}

/** Thrown if the connection breaks, or no answer arrives in time. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly flow: Flow | undefined;
  /** Code of the error, such as ECONNRESET. */
  readonly code: string;

  constructor(flow: Flow | undefined, code: string) {
    super(code);
    this.flow = flow;
    this.code = code;
  }
}

export interface Identity {
  readonly credential: Credential;
  /** Certificate of the TLS client. */
  readonly certificate: KeyPair;
}

/** Way to send a request. */
interface Way {
  readonly options: RequestOptions;
  /** Whether the request ends its connection. */
  readonly last?: boolean;
  /** Target to which the request goes directly. */
  readonly target?: Target;
}

const CONNECTIONS = 32;
// One request in this number is the last one on its connection, so that there are always new connections.
const RECYCLE = 25;
// KMS gives up after 250 ms. This limit is longer, to find out the outcome of the request.
const GIVE_UP_MS = 10_000;

/** Client that behaves like AWS KMS: signed requests over keep-alive connections with mTLS, through the load balancer. */
export class KmsClient implements Asked<KeyProbe> {
  readonly known = new KnownKey();
  readonly rotating = new RoundTripKey();
  readonly #balancer: LoadBalancer;
  readonly #ca: string;
  #identity: Identity;
  #agent: Agent;
  readonly #agents: Agent[] = [];
  readonly #answers = new Map<Target, number>();
  #asked = 0;

  /** `ca` is the PEM of the authority that the servers' certificates chain to. */
  constructor(balancer: LoadBalancer, ca: string, identity: Identity) {
    this.#balancer = balancer;
    this.#ca = ca;
    this.#identity = identity;
    this.#agent = this.#newAgent();
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Changes the identity, from the next request on. */
  use(change: Partial<Identity>): void {
    this.#identity = { ...this.#identity, ...change };
    if (change.certificate) this.#agent = this.#newAgent();
  }

  /** Returns requests for two keys in turn. */
  probe(operation: Probe['operation']): KeyProbe {
    const other = this.#asked % 4 < 2 ? this.rotating[`${operation}Probe`]() : undefined;
    const probe = other ?? this.known[`${operation}Probe`]();
    return { ...probe, path: keyPath(other ? 'rotating' : 'known', operation) };
  }

  ask({ path, body }: KeyProbe): Promise<Answer> {
    this.#asked += 1;
    const last = this.#asked % RECYCLE === 0;
    const options = { host: '127.0.0.1', port: this.#balancer.port, agent: this.#agent };
    return this.#post(path, body, this.#identity, { options, last });
  }

  /** Sends a request to one target, on its own connection, bypassing the load balancer. */
  askAt(target: Target, { path, body }: Pick<KeyProbe, 'path' | 'body'>, identity = this.#identity): Promise<Answer> {
    const createConnection = () => this.#connect(target, identity);
    return this.#post(path, body, identity, { options: { createConnection }, target });
  }

  /** Returns the serial number of the certificate that a target presents on a new connection. */
  async serialNumberOf(target: Target): Promise<string> {
    const stream = this.#connect(target, this.#identity);
    await once(stream, 'secureConnect');
    const { serialNumber } = stream.getPeerCertificate();
    stream.destroy();
    return serialNumber;
  }

  /** Returns the number of answers from a target. */
  answersOf(target: Target): number {
    return this.#answers.get(target) ?? 0;
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  #connect(target: Target, identity: Identity): TLSSocket {
    const socket = connect({ host: '127.0.0.1', port: target.port });
    socket.write(headerOf(Buffer.of(10, 255, 255, 255), 1));
    // The TCP connection below TLS may be reset too.
    socket.on('error', () => undefined);
    return connectTls({ socket, ...this.#tls(identity) });
  }

  #tls({ certificate: { certificate, privateKey } }: Identity) {
    return { ca: this.#ca, cert: certificate, key: privateKey, servername: 'localhost' };
  }

  #newAgent(): Agent {
    // All connections are used in turn, so none is idle for long.
    const options = { keepAlive: true, scheduling: 'fifo', maxSockets: CONNECTIONS } as const;
    const agent = new Agent({ ...options, ...this.#tls(this.#identity) });
    this.#agents.push(agent);
    return agent;
  }

  async #post(path: string, message: Body, { credential }: Identity, way: Way): Promise<Answer> {
    const body = JSON.stringify(message);
    const headers = { ...signedHeaders({ path, body, credential }), ...(way.last && { Connection: 'close' }) };
    const request = requestHttps({ ...way.options, path, method: 'POST', headers, timeout: GIVE_UP_MS });
    let clientPort: number | undefined;
    request.once('socket', (socket) => {
      const note = (): void => {
        clientPort = socket.localPort;
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    request.once('timeout', () => request.destroy(Object.assign(new Error(), { code: 'no answer in time' })));
    request.end(body);
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const answer = { status: response.statusCode ?? NaN, body: JSON.parse(await text(response)) as Body };
      const answering = way.target ?? this.#balancer.flowFrom(clientPort)?.target;
      if (answering) this.#answers.set(answering, this.answersOf(answering) + 1);
      return answer;
    } catch (error) {
      throw new NoAnswer(this.#balancer.flowFrom(clientPort), (error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
}
