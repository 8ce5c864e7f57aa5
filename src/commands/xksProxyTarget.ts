import type { Command } from 'commander';
import { KeyStoreClient } from '../xksClient/keyStoreClient.ts';
import { InvalidOption, readTarget, type TargetOptions } from '../xksClient/readTarget.ts';
import { BrokenAnswer, NoAnswer, sendRequest } from '../xksClient/sendRequest.ts';
import type { Target } from '../xksClient/target.ts';
import { CommandFailure } from './cli.ts';

const EXIT_USAGE = 2;
const PRINCIPAL_ARN = 'arn:aws:iam::123456789012:user/Alice';
const KMS_KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** Adds the options that select the XKS proxy and the credential. */
export function addTargetOptions(command: Command): void {
  command
    .requiredOption('--endpoint <url>', 'https://host[:port], or http:// for tests')
    .requiredOption('--uri-path <path>', '[/<prefix>]/kms/xks/v1')
    .requiredOption('--access-key-id <id>', 'access key id of the SigV4 credential')
    .requiredOption('--secret-file <file>', 'file with the secret access key of that credential')
    .requiredOption('--key <id>', 'an external key that may encrypt and decrypt')
    .option('--region <region>', 'Region of the credential scope', 'us-east-1')
    .option('--principal-arn <arn>', 'sent as awsPrincipalArn', PRINCIPAL_ARN)
    .option('--kms-key-arn <arn>', 'sent as kmsKeyArn', KMS_KEY_ARN)
    .option('--ca <file>', "PEM, the certificate authority of the proxy's certificate")
    .option('--client-cert <file>', 'PEM, for a proxy that wants client certificates')
    .option('--client-key <file>', 'PEM, the private key of that certificate')
    .option('--resolve <name=host:port>', 'where to connect for the name of the endpoint');
}

/**
 * Asks for the metadata of the key. Throws CommandFailure if the proxy refuses the credential, path or key, because every case
 * would then fail for that reason alone. `otherwise` is the advice after any other refusal. Without it, other refusals are let
 * pass.
 */
export async function introduce(target: Target, otherwise?: string): Promise<void> {
  const store = new KeyStoreClient(target, target.keyStore, (request) => sendRequest(target.endpoint, request));
  const answer = await store.call('metadata').catch((error: unknown) => {
    if (error instanceof BrokenAnswer) return undefined;
    throw unreachable(target, error);
  });
  if (!answer) return;
  const hints: Readonly<Record<number, string | undefined>> = {
    200: undefined,
    401: 'check --access-key-id, --secret-file, --region and the clocks',
    404: 'check --uri-path and --key',
  };
  const hint = answer.status in hints ? hints[answer.status] : otherwise;
  if (hint === undefined) return;
  const said = answer.body
    .toString('latin1')
    .slice(0, 300)
    .replaceAll(/[^\x20-\x7e]/g, '?');
  throw new CommandFailure(
    `The proxy refused the first request with ${answer.status} ${said}\nNothing was tested: ${hint}.`,
  );
}

export function unreachable({ endpoint }: Target, error: unknown): unknown {
  if (!(error instanceof NoAnswer)) return error;
  // Leaves out Node's advice on certificate authorities, which is about options of Node.
  const [reason = ''] = error.message.split('; if the root CA');
  const advice =
    reason === error.message ? adviceOnScheme(endpoint.url, reason) : '; name its certificate authority with --ca FILE';
  return new CommandFailure(`${endpoint.url.origin} cannot be reached: ${reason}${advice}`);
}

function adviceOnScheme({ protocol }: URL, reason: string): string {
  if (protocol === 'https:' && reason.includes('wrong version number')) return '; if it has no TLS, give http://';
  if (protocol === 'http:' && reason.includes('closed without an answer')) return '; if it has TLS, give https://';
  return '';
}

export function readTargetOf(options: TargetOptions, command: Command): Target {
  try {
    return readTarget(options);
  } catch (error) {
    if (!(error instanceof InvalidOption)) throw error;
    return command.error(`error: ${error.message}`, { exitCode: EXIT_USAGE });
  }
}
