import { Command } from 'commander';
import { addToList, editConfig } from '../config/editConfig.ts';
import { NAME_PATTERN } from '../config/fields.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { createCredential } from './createCredential.ts';
import { actRecorder } from './recordAct.ts';

interface Options {
  readonly config: string;
  readonly uriPathPrefix?: string;
  readonly keyManager?: string;
}

/** `xks-proxy keystore create`. */
export function keystoreCommand(cli: Cli): Command {
  const command = new Command('keystore').description('the logical key stores of the configuration');
  command
    .command('create')
    .description("adds a key store with a credential of its own, and prints the KMS console's credential file")
    .argument('<name>', 'its name in the configuration')
    .requiredOption('--config <file>', 'the configuration file')
    .option('--uri-path-prefix <prefix>', 'its URI path prefix (default: /<name>)')
    .option('--key-manager <name>', 'its key manager (default: the first of the configuration)')
    .action((name: string, options: Options) => createKeystore(cli, name, options));
  return command;
}

async function createKeystore(
  cli: Cli,
  name: string,
  { config: file, uriPathPrefix = `/${name}`, keyManager }: Options,
): Promise<void> {
  if (!NAME_PATTERN.test(name))
    throw new CommandFailure(`the name must be 1 to 64 characters of A-Za-z0-9._-, not ${name}`);
  const created = createCredential(name);
  editConfig(file, cli.env, {
    newSecrets: created.newSecrets,
    edit: (document) => {
      addToList(document, ['keyStores'], {
        name,
        uriPathPrefix,
        keyManagers: [keyManager ?? document.getIn(['keyManagers', 0, 'name'])],
        credentials: [created.entry],
      });
    },
  });
  const { accessKeyId } = created.entry;
  const { config } = loadConfig(file, cli.env);
  await actRecorder(cli, config)({ act: 'keystore create', keyStore: name, uriPathPrefix, accessKeyId });
  cli.err(`Added the key store ${name} to ${file}. Give this file to the KMS console; it holds the secret:`);
  cli.out(created.credentialFile(uriPathPrefix));
}
