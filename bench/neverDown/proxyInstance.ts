import { join } from 'node:path';
import { parseExposition, type Sample } from '../../test/support/exposition.ts';
import { startProxyProcess, type LogRecord, type ProxyProcess } from '../proxyProcess.ts';
import { until } from '../until.ts';
import type { Target } from './loadBalancer.ts';

/** A worker process that was ended with SIGKILL. */
export interface Kill {
  readonly instance: ProxyInstance;
  readonly worker: number;
  /** Milliseconds, by performance.now(). */
  readonly at: number;
}

/** One proxy of the fleet: a supervisor and its workers. */
export class ProxyInstance implements Target {
  readonly name: string;
  /** Folder of the configuration and the files that it refers to. */
  readonly folder: string;
  /** Number of requests in the log. */
  requests = 0;
  /** Numbers of log lines at warn and above, except those of requests, by text. */
  readonly complaints = new Map<string, number>();
  readonly #records: LogRecord[] = [];
  /** Process ids of serving workers by worker id, the longest serving first. */
  readonly #workers = new Map<number, number>();
  /** Workers by the client address in the PROXY header. */
  readonly #workerOf = new Map<string, number>();
  #process: ProxyProcess | undefined;

  /** Starts a proxy. Resolves when all its workers serve. */
  static async start(
    name: string,
    folder: string,
    workers: number,
    env: Readonly<Record<string, string>>,
  ): Promise<ProxyInstance> {
    const instance = new ProxyInstance(name, folder);
    instance.#process = await startProxyProcess(join(folder, 'config.yaml'), env, {
      onRecord: (record) => {
        instance.#read(record);
      },
    });
    try {
      await instance.serving(workers);
      return instance;
    } catch (error) {
      await instance.#process.stop();
      throw error;
    }
  }

  private constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  get port(): number {
    return this.#process?.port ?? NaN;
  }

  get monitoringPort(): number {
    return Number(this.#logged('monitoring listens')[0]?.['port']);
  }

  /** Process ids by name, such as `target 1` and `target 1, worker 2`. */
  get processIds(): ReadonlyMap<string, number> {
    const workers = [...this.#workers].map(([worker, pid]) => [`${this.name}, worker ${worker}`, pid] as const);
    return new Map([[this.name, this.#process?.pid ?? NaN], ...workers]);
  }

  /** Returns the worker that answered a request of this client. Undefined if none did. */
  workerOf(address: string): number | undefined {
    return this.#workerOf.get(address);
  }

  /** Resolves when this number of workers serve. */
  async serving(workers: number): Promise<void> {
    await until(`${workers} workers of ${this.name} serve`, () => this.#workers.size === workers);
  }

  /** Kills the worker that has served longest. */
  killWorker(): Kill {
    const [first] = this.#workers;
    if (!first) throw new Error(`${this.name} has no worker to kill`);
    const [worker, pid] = first;
    process.kill(pid, 'SIGKILL');
    return { instance: this, worker, at: performance.now() };
  }

  /** Makes the proxy read its configuration again. */
  hangUp(): void {
    if (this.#process?.pid !== undefined) process.kill(this.#process.pid, 'SIGHUP');
  }

  /** Resolves when the proxy has reloaded its configuration once more, or has refused it. */
  async reloads(outcome: 'reloaded' | 'refused'): Promise<void> {
    const logged = () =>
      this.#logged(`the configuration ${outcome === 'reloaded' ? 'was reloaded' : 'is not reloaded'}`).length;
    const before = logged();
    await until(`${this.name}: configuration ${outcome}`, () => logged() > before);
  }

  async metrics(): Promise<Sample[]> {
    const response = await fetch(`http://127.0.0.1:${this.monitoringPort}/metrics`);
    return parseExposition(await response.text());
  }

  /** Drains the proxy. Throws unless it exits with 0 and no request was cut off. */
  async drain(): Promise<void> {
    await this.#process?.stop();
    const exitCode = await this.#process?.ended;
    const undone = this.#logged('requests were still running').length;
    if (exitCode !== 0 || undone > 0) throw new Error(`${this.name} ended with ${String(exitCode)}, ${undone} undone`);
  }

  #logged(beginning: string): LogRecord[] {
    return this.#records.filter(({ msg }) => String(msg).startsWith(beginning));
  }

  #read(record: LogRecord): void {
    const { msg, worker, pid, level, remoteAddress } = record;
    if (msg === 'request') {
      this.requests += 1;
      this.#workerOf.set(String(remoteAddress), Number(worker));
      return;
    }
    this.#records.push(record);
    if (msg === 'a worker serves') this.#workers.set(Number(worker), Number(pid));
    if (msg === 'a worker has ended and is replaced') this.#workers.delete(Number(worker));
    if (level === 'info' || level === 'debug') return;
    const text = `${String(msg)}${typeof record['reason'] === 'string' ? `: ${record['reason']}` : ''}`;
    this.complaints.set(text, (this.complaints.get(text) ?? 0) + 1);
  }
}
