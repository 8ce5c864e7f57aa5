import { request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenLocally, type LocalServer } from '../../test/support/listenLocally.ts';
import { CRC32C_TLV, proxyHeader, vpceTlv } from '../../test/support/proxyHeader.ts';

/** A proxy behind the load balancer, on 127.0.0.1. */
export interface Target {
  readonly name: string;
  readonly port: number;
  readonly monitoringPort: number;
}

/** Connection of a client, with its connection to a target. Times are milliseconds, by performance.now(). */
export interface Flow {
  /** Client address in the PROXY header, unique for each flow. */
  readonly address: string;
  readonly target: Target;
  readonly openedAt: number;
  /** Time when either end closed the connection. Undefined while it is open. */
  closedAt?: number;
}

export const VPC_ENDPOINT = 'vpce-0123456789abcdef0';

const CHECK_INTERVAL_MS = 1_000;
const CHECK_TIMEOUT_MS = 2_000;
const THRESHOLD = 2;
const LOCAL_HEADER = proxyHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) });

/** State of the health checks of one target. */
interface Checked {
  healthy: boolean;
  /** Consecutive checks that contradict the current state. */
  otherwise: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Load balancer that behaves like a Network Load Balancer. A new connection goes to a healthy target, with a PROXY protocol header
 * before its bytes. It stays there, even if the target becomes unhealthy. If no target is healthy, all targets get connections.
 */
export class LoadBalancer {
  readonly #server: Server;
  #local: LocalServer | undefined;
  readonly #targets = new Map<Target, Checked>();
  /** Latest flow by the client's port. */
  readonly #flows = new Map<number, Flow>();
  #connections = 0;

  /** Starts to listen on any free port. */
  static async start(): Promise<LoadBalancer> {
    const balancer = new LoadBalancer();
    balancer.#local = await listenLocally(balancer.#server);
    return balancer;
  }

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      this.#carry(client);
    });
  }

  get port(): number {
    return this.#local?.port ?? NaN;
  }

  /** Adds a target, which gets connections once it is healthy. */
  register(target: Target): void {
    const checked: Checked = { healthy: false, otherwise: 0, timer: undefined };
    this.#targets.set(target, checked);
    void this.#check(target, checked);
  }

  deregister(target: Target): void {
    clearTimeout(this.#targets.get(target)?.timer);
    this.#targets.delete(target);
  }

  isHealthy(target: Target): boolean {
    return this.#targets.get(target)?.healthy ?? false;
  }

  /** Returns the flow of the client on this port of 127.0.0.1. */
  flowFrom(clientPort: number | undefined): Flow | undefined {
    return clientPort === undefined ? undefined : this.#flows.get(clientPort);
  }

  async close(): Promise<void> {
    for (const target of [...this.#targets.keys()]) this.deregister(target);
    await this.#local?.close();
  }

  #carry(client: Socket): void {
    const { remotePort } = client;
    const target = this.#choose();
    if (!target || remotePort === undefined) {
      client.resetAndDestroy();
      return;
    }
    const number = ++this.#connections;
    const source = Buffer.of(10, (number >> 16) & 255, (number >> 8) & 255, number & 255);
    const flow: Flow = { address: source.join('.'), target, openedAt: performance.now() };
    this.#flows.set(remotePort, flow);
    const ahead = connect({ host: '127.0.0.1', port: target.port, allowHalfOpen: true, noDelay: true });
    ahead.write(headerOf(source, remotePort));
    join(client, ahead);
    join(ahead, client);
    for (const socket of [client, ahead]) {
      socket.once('close', () => {
        flow.closedAt ??= performance.now();
      });
    }
  }

  #choose(): Target | undefined {
    const all = [...this.#targets.keys()];
    const healthy = all.filter((target) => this.isHealthy(target));
    const candidates = healthy.length > 0 ? healthy : all;
    return candidates[this.#connections % candidates.length];
  }

  async #check(target: Target, checked: Checked): Promise<void> {
    const healthy = await isReady(target);
    checked.otherwise = healthy === checked.healthy ? 0 : checked.otherwise + 1;
    if (checked.otherwise === THRESHOLD) Object.assign(checked, { healthy, otherwise: 0 });
    if (this.#targets.get(target) !== checked) return;
    checked.timer = setTimeout(() => void this.#check(target, checked), CHECK_INTERVAL_MS);
  }
}

/** Builds the PROXY header of a connection through a VPC endpoint as a Network Load Balancer does, with checksum and padding. */
export function headerOf(source: Buffer, port: number): Buffer {
  const ports = Buffer.of(port >> 8, port & 255, 0x01, 0xbb);
  const addresses = Buffer.concat([source, Buffer.of(10, 0, 0, 1), ports]);
  return proxyHeader({ addresses, tlvs: [CRC32C_TLV, vpceTlv(VPC_ENDPOINT), [0x04, Buffer.alloc(36)]] });
}

/** Forwards bytes, end and reset of one end to the other. */
function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.resetAndDestroy());
}

/** Makes one health check, on its own connection. */
function isReady({ monitoringPort }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    const check = request({
      path: '/readyz',
      timeout: CHECK_TIMEOUT_MS,
      createConnection: () => {
        const socket = connect({ host: '127.0.0.1', port: monitoringPort });
        socket.write(LOCAL_HEADER);
        return socket;
      },
    });
    check.on('timeout', () => check.destroy());
    check.on('error', () => {
      resolve(false);
    });
    check.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    check.end();
  });
}
