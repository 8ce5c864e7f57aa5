import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestHttp, type Agent, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import type { Environment } from '../../local/setUp.ts';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from './certificates.ts';
import { LoggedProgram } from './loggedProgram.ts';
import { encryptBody, paths } from './messages.ts';
import { runProgram, type CommandOutcome } from './runProgram.ts';
import { OTHER_PREFIX, PREFIX, REGION, signedHeaders, type PostOptions } from './signedRequest.ts';
import { createSoftHsm, type SoftHsmFixture } from './softHsm.ts';
import { MAIN, type Program } from './startTestProgram.ts';

/** A folder with all that a proxy needs: token, configuration, secrets, certificates. */
export class ProxyFiles {
  readonly softHsm: SoftHsmFixture = createSoftHsm();
  readonly folder = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
  readonly configFile = join(this.folder, 'config.yaml');
  /** The PEM certificate of the authority that issued the server's certificate. */
  readonly caFile: string;
  /** Credentials of the first key store, which is at PREFIX and has the key foo. */
  readonly credentials: readonly [Credential, Credential] = [newCredential(), newCredential()];
  /** The credential of the second key store, which is at OTHER_PREFIX and has the key bar. */
  readonly otherCredential = newCredential();
  /** The initial configuration. */
  readonly config;
  readonly env: SoftHsmFixture['env'];

  constructor({ tls = true }: { readonly tls?: boolean } = {}) {
    for (const label of ['foo', 'bar']) this.softHsm.importKey(label, randomBytes(32));
    this.env = this.softHsm.env;
    const { ca, server } = testCertificates;
    this.caFile = writeKeyPair(this.folder, 'ca', ca).certificateFile;
    const pair = { ...server, certificate: server.certificate + ca.certificate };
    const { module, tokenLabel, pin } = this.softHsm;
    const keyStore = (name: string, uriPathPrefix: string, credentials: readonly Credential[], keys: object[]) => ({
      name,
      uriPathPrefix,
      keyManagers: ['softhsm'],
      credentials: credentials.map(({ accessKeyId, secretAccessKey }) => ({
        accessKeyId,
        secretAccessKey: this.writeSecret(accessKeyId, secretAccessKey.reveal()),
      })),
      keys,
    });
    this.config = {
      server: {
        host: '127.0.0.1',
        port: 0,
        regions: [REGION],
        ...(tls ? { tls: writeKeyPair(this.folder, 'server', pair) } : { insecureHttp: true }),
      },
      keyManagers: [
        {
          name: 'softhsm',
          pkcs11: { module, token: { label: tokenLabel }, pin: this.writeSecret('pin', pin.reveal()) },
        },
      ],
      keyStores: [
        keyStore('first', PREFIX, this.credentials, [{ id: 'foo' }, { id: 'blocked', status: 'blocked' }]),
        keyStore('second', OTHER_PREFIX, [this.otherCredential], [{ id: 'bar' }]),
      ],
    };
    this.writeConfig(this.config);
  }

  writeConfig(config: object): void {
    writeFileSync(this.configFile, stringify(config));
  }

  /** Writes a file for its owner only, and returns a reference to it. */
  writeSecret(name: string, secret: string): { file: string } {
    const file = join(this.folder, `${name}.secret`);
    writeFileSync(file, `${secret}\n`, { mode: 0o600 });
    return { file };
  }

  dispose(): void {
    this.softHsm.dispose();
    rmSync(this.folder, { recursive: true });
  }
}

/** Runs `xks-proxy` until it ends. */
export function runCommand(args: readonly string[], env: Environment = {}): Promise<CommandOutcome> {
  return runProgram([process.execPath, MAIN, ...args], { env });
}

export interface Answer {
  readonly status: number;
  /** The body as JSON. An empty body is an empty object. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The lines on standard output of a `serve` that opens this number of key managers and then fails. */
export function openings(keyManagers: number): RegExp {
  return new RegExp(
    `^(\\{.*"msg":"opening a key manager"\\}\\n){${keyManagers}}\\{"level":"fatal",.*"msg":"serve has failed"\\}\\n$`,
  );
}

export type SendOptions = PostOptions & { readonly agent?: Agent };

/** `xks-proxy serve` in a process of its own. */
export class RunningProxy extends LoggedProgram {
  readonly files: ProxyFiles;
  readonly #secure: boolean;
  #port = NaN;

  private constructor(files: ProxyFiles, [command, ...args]: Program) {
    super([command, ...args, 'serve', '--config', files.configFile], { env: files.env });
    this.files = files;
    this.#secure = 'tls' in files.config.server;
  }

  /** Starts `program`, a command that runs `xks-proxy`. */
  static launch(files: ProxyFiles, program: Program = [process.execPath, MAIN]): RunningProxy {
    return new RunningProxy(files, program);
  }

  /** Resolves when the proxy listens. */
  static async start(files: ProxyFiles, program?: Program): Promise<RunningProxy> {
    const proxy = RunningProxy.launch(files, program);
    try {
      const { port } = await proxy.logged({ msg: 'listening' });
      proxy.#port = port as number;
      return proxy;
    } catch (error) {
      await proxy.kill();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** Sends a signed request, on its own connection or on one of `agent`. */
  async post(path: string, body: unknown, options: SendOptions = {}): Promise<Answer> {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const { agent = false, credential = this.files.credentials[0], unsigned = {}, ...signing } = options;
    const headers = { ...signedHeaders({ path, body: bytes, credential, ...signing }), ...unsigned };
    const target = { host: '127.0.0.1', port: this.#port, path, method: 'POST', headers, agent };
    const tls = { ca: testCertificates.ca.certificate, servername: 'localhost' };
    const request = this.#secure ? requestHttps({ ...target, ...tls }) : requestHttp(target);
    request.end(bytes);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const received = await text(response);
    return {
      status: response.statusCode ?? NaN,
      body: received === '' ? {} : (JSON.parse(received) as Answer['body']),
    };
  }

  /** Throws unless a signed request on a new connection succeeds. */
  async proveService(): Promise<void> {
    const { status, body } = await this.post(paths.encrypt, encryptBody);
    if (status !== 200) throw new Error(`An ordinary request got ${status}: ${JSON.stringify(body)}`);
  }

  /** Stops the proxy and removes its files. Throws unless it exits cleanly. */
  async dispose(): Promise<void> {
    this.signal('SIGTERM');
    const exitCode = await this.exitCode;
    this.files.dispose();
    if (exitCode !== 0) throw new Error(`The proxy ended with ${exitCode ?? 'a signal'}:\n${this.output}`);
  }
}
