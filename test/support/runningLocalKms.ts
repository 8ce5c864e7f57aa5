import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { onTestFinished } from 'vitest';
import { LoggedProgram } from './loggedProgram.ts';
import { runProgram, type CommandOutcome } from './runProgram.ts';
import { MAIN } from './startTestProgram.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** Quick transitions, and more time for answers than any machine is busy; options given after these take their place. */
const OPTIONS = ['--connect-seconds', '0.2', '--disconnect-seconds', '0.2', '--answer-within-ms', '15000'];

/** `xks-proxy kms serve` in a process of its own, until the test is finished. */
export class RunningLocalKms extends LoggedProgram {
  /** Holds the state, `kms.db`, and the AWS CLI's configuration. */
  readonly folder: string;
  #endpoint = '';

  private constructor(options: readonly string[], folder: string) {
    const where = ['--port', '0', '--state', join(folder, 'kms.db')];
    super([process.execPath, MAIN, 'kms', 'serve', ...where, ...OPTIONS, ...options]);
    this.folder = folder;
  }

  /** Resolves when it listens. In the folder of one that has ended, it goes on with that one's state. */
  static async start(options: readonly string[] = [], folder = newFolder()): Promise<RunningLocalKms> {
    const kms = new RunningLocalKms(options, folder);
    onTestFinished(() => kms.kill());
    const { port } = await kms.logged({ msg: 'listening' });
    kms.#endpoint = `http://127.0.0.1:${String(port)}`;
    return kms;
  }

  get endpoint(): string {
    return this.#endpoint;
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
    return runProgram(['aws', '--endpoint-url', this.#endpoint, 'kms', ...args], { env });
  }
}

function newFolder(): string {
  // Version 1 of the AWS CLI would fetch the page at a value that begins with https://, and print times as numbers.
  return temporaryFolder({
    'aws.config': '[default]\ncli_follow_urlparam = false\ncli_timestamp_format = iso8601\n',
  });
}
