import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { onTestFinished } from 'vitest';
import { CommandHere } from './commandHere.ts';
import { LoggedProgram } from './loggedProgram.ts';
import { pathWithAws } from './preloadedAws.ts';
import type { LogRecord } from './processLog.ts';
import { runProgram, type CommandOutcome } from './runProgram.ts';
import { MAIN } from './startTestProgram.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** Options for quick transitions, and for more waiting time than any machine is busy. Later options replace these. */
const OPTIONS = [
  '--connect-seconds',
  '0.2',
  '--disconnect-seconds',
  '0.2',
  '--answer-within-ms',
  '15000',
  '--cluster-seconds',
  '0.2',
];

/** `xks-proxy kms serve`, until the test is finished. */
export class RunningLocalKms {
  /** Folder of the state, `kms.db`, and of the AWS CLI's configuration. */
  readonly folder: string;
  readonly #command: CommandHere | LoggedProgram;
  #endpoint = '';

  private constructor(command: CommandHere | LoggedProgram, folder: string) {
    this.#command = command;
    this.folder = folder;
  }

  /**
   * Starts `kms serve` in this process, and resolves when it listens. In the folder of an earlier one, it continues
   * with that state.
   */
  static start(options: readonly string[] = [], folder = newFolder()): Promise<RunningLocalKms> {
    return RunningLocalKms.#start(new CommandHere(serve(options, folder)), folder);
  }

  /** Starts `kms serve` in a process of its own. */
  static startProcess(options: readonly string[] = [], folder = newFolder()): Promise<RunningLocalKms> {
    return RunningLocalKms.#start(new LoggedProgram([process.execPath, MAIN, ...serve(options, folder)]), folder);
  }

  static async #start(command: CommandHere | LoggedProgram, folder: string): Promise<RunningLocalKms> {
    const kms = new RunningLocalKms(command, folder);
    onTestFinished(async () => {
      kms.signal('SIGTERM');
      await kms.exitCode;
    });
    const { port } = await kms.logged({ msg: 'listening' });
    kms.#endpoint = `http://127.0.0.1:${String(port)}`;
    return kms;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Resolves when it has ended, to its exit code, or to null if a signal ended it. */
  get exitCode(): Promise<number | null> {
    return this.#command.exitCode;
  }

  /** All output so far. */
  get output(): string {
    return this.#command.output;
  }

  /** Log records so far. Throws if a line is not a JSON object. */
  get log(): LogRecord[] {
    return this.#command.log;
  }

  /** The latest record with these fields, as soon as there is one. */
  logged(fields: object): Promise<LogRecord> {
    return this.#command.logged(fields);
  }

  /** Sends a signal. In this process, any signal stops it. */
  signal(signal: NodeJS.Signals): void {
    this.#command.signal(signal);
  }

  /** A client of the AWS SDK, until the test is finished. */
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
    return this.awsAs('TEST', 'kms', ...args);
  }

  /** Runs `aws` with another service. */
  awsService(...args: readonly string[]): Promise<CommandOutcome> {
    return this.awsAs('TEST', ...args);
  }

  /** Runs `aws kms` with another access key id. */
  async awsAs(accessKeyId: string, ...args: readonly string[]): Promise<CommandOutcome> {
    const env = {
      PATH: await pathWithAws(),
      HOME: this.folder,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: join(this.folder, 'aws.config'),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
    };
    return runProgram(['aws', '--endpoint-url', this.#endpoint, ...args], { env });
  }
}

function serve(options: readonly string[], folder: string): readonly string[] {
  return ['kms', 'serve', '--port', '0', '--state', join(folder, 'kms.db'), ...OPTIONS, ...options];
}

function newFolder(): string {
  // Version 1 of the AWS CLI would download a value that begins with https://, and print times as numbers.
  return temporaryFolder({
    'aws.config': '[default]\ncli_follow_urlparam = false\ncli_timestamp_format = iso8601\n',
  });
}
