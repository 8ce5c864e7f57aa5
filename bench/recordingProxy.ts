import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { initializeToken, setUpSoftHsm, TOKEN_LABEL } from '../softhsm/setUp.ts';
import { newAuditKey } from '../src/audit/format/auditKey.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';
import { PREFIX, REGION, signedHeaders } from '../test/support/signedRequest.ts';
import type { RunningProxy } from '../test/support/runningProxy.ts';
import { MAIN, startTestProgram, type RunningProgram } from '../test/support/startTestProgram.ts';
import { until } from './until.ts';

export interface RecordingOptions {
  readonly server?: object;
  readonly audit?: object;
  /** Words before the command of the proxy, such as `prlimit --fsize=...`. */
  readonly command?: readonly string[];
}

/** Proxy with an audit log. Its standard output is kept as a reader receives it. */
export class RecordingProxy implements Pick<RunningProxy, 'post'> {
  readonly folder = mkdtempSync(join(tmpdir(), 'xks-proxy-bench-'));
  readonly directory = join(this.folder, 'audit');
  readonly #credential = newCredential();
  readonly #options: RecordingOptions;
  readonly #env: Readonly<Record<string, string>>;
  #program: RunningProgram | undefined;
  #output = '';
  #port = NaN;

  constructor(options: RecordingOptions = {}) {
    this.#options = options;
    const softHsm = setUpSoftHsm(this.folder);
    initializeToken(softHsm, TOKEN_LABEL);
    this.#env = softHsm.env;
    const { accessKeyId, secretAccessKey } = this.#credential;
    writeFileSync(join(this.folder, 'secret'), secretAccessKey.reveal(), { mode: 0o600 });
    writeFileSync(join(this.folder, 'audit.key'), newAuditKey(), { mode: 0o600 });
    const pkcs11 = { module: softHsm.module, token: { label: TOKEN_LABEL }, pin: { file: softHsm.pinFile } };
    const config = {
      server: { host: '127.0.0.1', port: 0, regions: [REGION], insecureHttp: true, drainSeconds: 2, ...options.server },
      audit: { directory: 'audit', origin: 'bench', key: { file: 'audit.key' }, ...options.audit },
      keyManagers: [{ name: 'softhsm', pkcs11 }],
      keyStores: [
        {
          name: 'bench',
          uriPathPrefix: PREFIX,
          keyManagers: ['softhsm'],
          credentials: [{ accessKeyId, secretAccessKey: { file: 'secret' } }],
          keys: [{ id: 'foo', label: 'xks-health' }],
        },
      ],
    };
    writeFileSync(join(this.folder, 'config.yaml'), stringify(config));
  }

  /** Resolves when all workers serve. */
  async start(workers = 1): Promise<void> {
    const serve = [process.execPath, MAIN, 'serve', '--config', join(this.folder, 'config.yaml')];
    const [command = process.execPath, ...args] = [...(this.#options.command ?? []), ...serve];
    this.#output = '';
    const program = (this.#program = startTestProgram([command, ...args], { env: this.#env }));
    program.stderr.resume();
    program.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#output += chunk;
    });
    this.#port = await program.listening;
    if (workers > 1) await until('all workers serve', () => this.workers.length === workers);
  }

  /** Complete lines of the log. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  /** Process ids of all workers that have served. */
  get workers(): number[] {
    return [...this.#output.matchAll(/"pid":(\d+),"msg":"a worker serves"/g)].map(([, pid]) => Number(pid));
  }

  pauseReading(): void {
    this.#program?.stdout.pause();
  }

  resumeReading(): void {
    this.#program?.stdout.resume();
  }

  /** Sends a signal. Resolves when the process has ended and its output has been read. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#program?.signal(signal);
    await this.#program?.ended;
  }

  async post(path: string, body: unknown, { agent }: Parameters<RunningProxy['post']>[2] = {}) {
    const bytes = JSON.stringify(body);
    const headers = signedHeaders({ path, body: bytes, credential: this.#credential });
    const target = { host: '127.0.0.1', port: this.#port, path, method: 'POST', headers };
    const sent = request(agent === undefined ? target : { ...target, agent });
    sent.end(bytes);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? NaN, body: JSON.parse(await text(response)) as Record<string, unknown> };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
