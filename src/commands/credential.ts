import { Command } from 'commander';
import { editConfig } from '../config/editConfig.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { createCredential } from './createCredential.ts';
import { actRecorder } from './recordAct.ts';
import { findKeyStore, type FoundKeyStore } from './findKeyStore.ts';

const ARGUMENT = ['<store>', 'name of the key store'] as const;

/** `xks-proxy credential add|remove|list`: the steps of a rotation. */
export function credentialCommand(cli: Cli): Command {
  const command = new Command('credential').description(
    'the SigV4 credentials of a key store; to rotate: add one, give it to KMS, remove the old one',
  );
  command
    .command('add')
    .description("adds a credential beside those in use, and prints the KMS console's credential file")
    .argument(...ARGUMENT)
    .addOption(configOption(cli))
    .action(async (store: string, { config: file }: { config: string }) => {
      const { config, index, keyStore } = findKeyStore(cli, file, store);
      const created = createCredential(store);
      editConfig(file, cli.env, {
        newSecrets: created.newSecrets,
        edit: (yaml) => {
          yaml.addToList(['keyStores', index, 'credentials'], created.entry);
        },
      });
      const { accessKeyId } = created.entry;
      await actRecorder(cli, config)({ act: 'credential add', keyStore: store, accessKeyId });
      cli.err(
        `Added a credential to ${store}. A running proxy applies this within a few seconds; then give KMS this file, which holds the secret:`,
      );
      cli.out(created.credentialFile(keyStore.uriPathPrefix));
    });
  command
    .command('remove')
    .description('removes a credential that KMS no longer uses')
    .argument(...ARGUMENT)
    .argument('<access-key-id>', 'which one')
    .addOption(configOption(cli))
    .action(async (store: string, accessKeyId: string, { config: file }: { config: string }) => {
      const { config, index, keyStore } = findKeyStore(cli, file, store);
      const position = keyStore.credentials.findIndex((credential) => credential.accessKeyId === accessKeyId);
      if (position === -1)
        throw new CommandFailure(`${store} has no credential ${accessKeyId}; it has ${list(keyStore)}`);
      if (keyStore.credentials.length === 1)
        throw new CommandFailure(`it is the only credential of ${store}; add another first`);
      editConfig(file, cli.env, {
        edit: (yaml) => {
          yaml.remove(['keyStores', index, 'credentials', position]);
        },
      });
      await actRecorder(cli, config)({ act: 'credential remove', keyStore: store, accessKeyId });
      cli.out(
        `Removed ${accessKeyId} from ${store}. A running proxy applies this within a few seconds; then delete the file of its secret.`,
      );
    });
  command
    .command('list')
    .description('lists the access key ids')
    .argument(...ARGUMENT)
    .addOption(configOption(cli))
    .option('--json', 'as JSON')
    .action((store: string, { config: file, json = false }: { config: string; json?: boolean }) => {
      const { credentials } = findKeyStore(cli, file, store).keyStore;
      const ids = credentials.map(({ accessKeyId }) => ({ accessKeyId }));
      if (json) cli.out(JSON.stringify(ids, null, 2));
      else for (const { accessKeyId } of ids) cli.out(accessKeyId);
    });
  return command;
}

function list({ credentials }: FoundKeyStore['keyStore']): string {
  return credentials.map(({ accessKeyId }) => accessKeyId).join(', ') || 'none';
}
