import { Command } from 'commander';
import { editConfig } from '../config/editConfig.ts';
import { NAME_PATTERN } from '../config/schema/fields.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { block, unblock, type BlockOptions } from './block/changeBlock.ts';
import { blockListOption, type BlockListChoice } from './block/findBlockList.ts';
import { keyStoreTable, listKeyStores } from './keystore/listKeyStores.ts';
import { removeKeyStore } from './keystore/removeKeyStore.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { createCredential } from './createCredential.ts';
import { actRecorder } from './recordAct.ts';

interface CreateOptions {
  readonly config: string;
  readonly uriPathPrefix?: string;
  readonly keyManager?: string;
}

/** `xks-proxy keystore create|block|unblock|list|remove`. */
export function keystoreCommand(cli: Cli): Command {
  const command = new Command('keystore').description('the logical key stores of the configuration');
  const config = configOption(cli);
  command
    .command('create')
    .description("adds a key store with a credential of its own, and prints the KMS console's credential file")
    .argument('<name>', 'its name in the configuration')
    .addOption(config)
    .option('--uri-path-prefix <prefix>', 'its URI path prefix (default: /<name>)')
    .option('--key-manager <name>', 'its key manager (default: the first of the configuration)')
    .action((name: string, options: CreateOptions) => createKeystore(cli, name, options));
  command
    .command('block')
    .description(
      'refuses every request to a key store, in all processes within a second, whatever is wrong with the configuration',
    )
    .argument('<name>', 'the key store')
    .addOption(config)
    .addOption(blockListOption())
    .option('--force', 'also block a key store that the configuration does not name')
    .action((keyStore: string, options: BlockOptions) => block(cli, { keyStore }, options));
  command
    .command('unblock')
    .description('serves a blocked key store again')
    .argument('<name>', 'the key store')
    .addOption(config)
    .addOption(blockListOption())
    .action((keyStore: string, options: BlockListChoice) => unblock(cli, { keyStore }, options));
  command
    .command('list')
    .description('lists the key stores and their blocks')
    .addOption(config)
    .addOption(blockListOption())
    .option('--json', 'as JSON')
    .action(async ({ json = false, ...choice }: BlockListChoice & { json?: boolean }) => {
      const keyStores = await listKeyStores(cli, choice);
      cli.out(json ? JSON.stringify(keyStores, null, 2) : keyStoreTable(keyStores));
    });
  command
    .command('remove')
    .description('removes a blocked key store from the configuration; the files of its secrets stay')
    .argument('<name>', 'the key store')
    .addOption(config)
    .action((name: string, { config: file }: { config: string }) => removeKeyStore(cli, name, file));
  return command;
}

async function createKeystore(
  cli: Cli,
  name: string,
  { config: file, uriPathPrefix = `/${name}`, keyManager }: CreateOptions,
): Promise<void> {
  if (!NAME_PATTERN.test(name))
    throw new CommandFailure(`the name must be 1 to 64 characters of A-Za-z0-9._-, not ${name}`);
  const created = createCredential(name);
  editConfig(file, cli.env, {
    newSecrets: created.newSecrets,
    edit: (yaml) => {
      yaml.addToList(['keyStores'], {
        name,
        uriPathPrefix,
        keyManagers: [keyManager ?? yaml.get(['keyManagers', 0, 'name'])],
        credentials: [created.entry],
      });
    },
  });
  const { accessKeyId } = created.entry;
  const { config } = loadConfig(file, cli.env);
  await actRecorder(cli, config)({ act: 'keystore create', keyStore: name, uriPathPrefix, accessKeyId });
  const listed = await listKeyStores(cli, { config: file });
  if (listed.some((store) => store.name === name && store.status === 'blocked'))
    cli.err(`warning: the block list blocks a key store of this name: run xks-proxy keystore unblock ${name}`);
  cli.err(`Added the key store ${name} to ${file}. Give this file to the KMS console; it holds the secret:`);
  cli.out(created.credentialFile(uriPathPrefix));
}
