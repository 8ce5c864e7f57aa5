import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { onTestFinished } from 'vitest';
import { ProcessLog, type LogRecord } from './processLog.ts';
import type { CommandOutcome } from './runningProxy.ts';
import { temporaryFolder } from './temporaryFolder.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

/** Quick transitions, and more time for answers than any machine is busy; options given after these take their place. */
const OPTIONS = ['--connect-seconds', '0.2', '--disconnect-seconds', '0.2', '--answer-within-ms', '15000'];

/** `xks-proxy kms serve` in a process of its own, until the test is finished. */
export class RunningLocalKms {
  /** Holds the state, `kms.db`, and the AWS CLI's configuration. */
  readonly folder: string;
  readonly exitCode: Promise<number | null>;
  readonly #child;
  readonly #log;
  #endpoint = '';

  private constructor(options: readonly string[], folder: string) {
    this.folder = folder;
    const where = ['--port', '0', '--state', join(folder, 'kms.db')];
    const env = { PATH: process.env['PATH'] };
    this.#child = spawn(process.execPath, [MAIN, 'kms', 'serve', ...where, ...OPTIONS, ...options], { env });
    this.exitCode = once(this.#child, 'close').then(([code]) => code as number | null);
    this.#log = new ProcessLog(this.#child.stdout, this.#child.stderr);
  }

  /** Resolves when it listens. In the folder of one that has ended, it goes on with that one's state. */
  static async start(options: readonly string[] = [], folder = newFolder()): Promise<RunningLocalKms> {
    const kms = new RunningLocalKms(options, folder);
    onTestFinished(async () => {
      kms.signal('SIGKILL');
      await kms.exitCode;
    });
    const { port } = await kms.logged({ msg: 'listening' });
    kms.#endpoint = `http://127.0.0.1:${String(port)}`;
    return kms;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Everything that it has written. */
  get output(): string {
    return this.#log.output;
  }

  /** What it has logged; throws if a line is not a JSON object. */
  get log(): LogRecord[] {
    return this.#log.records;
  }

  /** The latest record with these fields, as soon as there is one. */
  logged(fields: object): Promise<LogRecord> {
    return this.#log.waitFor(fields);
  }

  /** Of the SDK of AWS, until the test is finished. */
  client(accessKeyId = 'TEST'): KMSClient {
    const credentials = { accessKeyId, secretAccessKey: 'any' };
    const client = new KMSClient({ region: 'us-east-1', endpoint: this.#endpoint, credentials, maxAttempts: 1 });
    onTestFinished(() => {
      client.destroy();
    });
    return client;
  }

  /** Runs `aws kms` of the real AWS CLI to its end. */
  aws(...args: readonly string[]): Promise<CommandOutcome> {
    const env = {
      PATH: process.env['PATH'],
      HOME: this.folder,
      AWS_ACCESS_KEY_ID: 'TEST',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: join(this.folder, 'aws.config'),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
    };
    return new Promise((resolve) => {
      const child = execFile(
        'aws',
        ['--endpoint-url', this.#endpoint, 'kms', ...args],
        { env },
        (_error, stdout, stderr) => {
          resolve({ exitCode: child.exitCode ?? -1, stdout, stderr });
        },
      );
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

function newFolder(): string {
  // Version 1 of the AWS CLI would fetch the page at a value that begins with https://, and print times as numbers.
  return temporaryFolder({
    'aws.config': '[default]\ncli_follow_urlparam = false\ncli_timestamp_format = iso8601\n',
  });
}
