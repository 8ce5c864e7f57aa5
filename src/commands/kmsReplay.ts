import { Command, InvalidArgumentError } from 'commander';
import { LocalKmsUnreachable } from '../kms/callLocalKms.ts';
import type { Difference } from '../kms/replay/compareAnswers.ts';
import { readRecording, RecordingFailure } from '../kms/replay/recording.ts';
import { replay } from '../kms/replay/replay.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { escapeInvisible } from './escapeInvisible.ts';
import { parseEndpoint } from './kmsOptions.ts';

const MAX_SHOWN = 300;

interface ReplayOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly pair?: readonly (readonly [string, string])[];
}

/** `xks-proxy kms replay`: compares answers of AWS KMS with those of a local KMS. */
export function kmsReplayCommand(cli: Cli): Command {
  return new Command('replay')
    .description('sends recorded calls of AWS KMS to a local KMS, and reports where its answers differ')
    .argument('<file>', 'JSON lines: operation, input, and output or error (docs/local-kms-clients.md)')
    .option('--endpoint <url>', 'where the local KMS listens', parseEndpoint, 'http://127.0.0.1:4599')
    .option('--region <region>', 'Region of the local KMS', 'us-east-1')
    .option(
      '--pair <recorded=local>',
      'an id of the recording, and the local one that it stands for; may be repeated',
      addPair,
    )
    .action(async (file: string, options: ReplayOptions) => {
      try {
        await run(cli, file, options);
      } catch (error) {
        if (cli.stop.aborted) throw new CommandFailure('Stopped.');
        const isForeseen = error instanceof RecordingFailure || error instanceof LocalKmsUnreachable;
        throw isForeseen ? new CommandFailure(error.message) : error;
      }
    });
}

async function run(cli: Cli, file: string, { endpoint, region, pair = [] }: ReplayOptions): Promise<void> {
  const calls = readRecording(file);
  let different = 0;
  for await (const { call, differences } of replay(calls, { kms: { endpoint, region }, pairs: pair, stop: cli.stop })) {
    if (differences.length === 0) continue;
    different += 1;
    cli.out(`${file}:${call.line} ${call.operation}`);
    for (const difference of differences) cli.out(describe(difference));
  }
  if (different > 0) throw new CommandFailure(`${different} of ${calls.length} answers differ`);
  cli.out(`${calls.length} answers are as recorded`);
}

function describe({ path, recorded, local }: Difference): string {
  const name = path.split('.').at(-1) ?? '';
  return [
    `  ${escapeInvisible(path)}`,
    `    recorded: ${show(name, recorded)}`,
    `    local:    ${show(name, local)}`,
  ].join('\n');
}

/** Formats a value on one line. Plaintexts are secrets, and are not shown. */
function show(name: string, value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify({ [name]: value }, (member, held: unknown) =>
    member === 'Plaintext' ? '[redacted]' : held,
  ).slice(JSON.stringify(name).length + 2, -1);
  return escapeInvisible(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text);
}

function addPair(
  text: string,
  pairs: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const [, recorded, local] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (recorded === undefined || local === undefined) {
    throw new InvalidArgumentError('Give recorded=local, such as cks-1234567890abcdef0=cks-0fedcba0987654321.');
  }
  return [...pairs, [recorded, local]];
}
