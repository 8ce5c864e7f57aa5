import { Command, Option } from 'commander';
import { block as blockKey, unblock as unblockKey, type BlockOptions } from './block/changeBlock.ts';
import { blockListOption } from './block/findBlockList.ts';
import type { Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { createKey, type CreateOptions } from './key/createKey.ts';
import { parseCkaId, parseUsage, refuseUri } from './key/keyArguments.ts';
import { keyTable } from './key/keyTable.ts';
import { rotateKey, type RotateOptions } from './key/rotateKey.ts';
import { withToken, type TokenChoice } from './key/withToken.ts';

/** `xks-proxy key create|rotate|block|unblock|list`. */
export function keyCommand(cli: Cli): Command {
  const command = new Command('key').description('the AES keys in the token of a key manager');
  const config = configOption(cli);
  const keyManager = new Option('--key-manager <name>', 'needed if the configuration has several');

  const keyStore = new Option('--key-store <name>', 'its key store').makeOptionMandatory();

  command
    .command('create')
    .description('makes an AES-256 key in the token: sensitive and not extractable')
    .argument(
      '<label>',
      'its CKA_LABEL: the id of the external key, unless the configuration gives that key another label',
      refuseUri,
    )
    .addOption(config)
    .addOption(keyManager)
    .addOption(
      new Option('--usage <list>', 'its usage: "encrypt,decrypt", "encrypt", "decrypt" or "none"')
        .argParser(parseUsage)
        .default(['ENCRYPT', 'DECRYPT'], 'encrypt,decrypt'),
    )
    .addOption(
      new Option('--cka-id <hex>', 'its CKA_ID, in hexadecimal (default: 16 random bytes)').argParser(parseCkaId),
    )
    .option(
      '--key-store <name>',
      'also adds it to this key store of the configuration, with its label as the external key id',
    )
    .action((label: string, options: CreateOptions) => createKey(cli, label, options));

  command
    .command('rotate')
    .description('makes the next version of an external key: it encrypts from now on, all versions decrypt')
    .argument('<id>', 'the external key id', refuseUri)
    .addOption(keyStore)
    .addOption(config)
    .option('--label <label>', 'CKA_LABEL of the new version (default: <id>-v<number>)', refuseUri)
    .option('--decrypt-only', 'make a version that only decrypts, as the first step of a rotation with several proxies')
    .action((id: string, options: RotateOptions) => rotateKey(cli, id, options));

  command
    .command('block')
    .description(
      'refuses every request for an external key, in all processes within a second, whatever is wrong with the configuration',
    )
    .argument('<id>', 'the external key id', refuseUri)
    .addOption(keyStore)
    .addOption(config)
    .addOption(blockListOption())
    .option('--force', 'also block a key that the configuration does not name')
    .action((externalKeyId: string, { keyStore, ...options }: BlockOptions & { keyStore: string }) =>
      blockKey(cli, { keyStore, externalKeyId }, options),
    );
  command
    .command('unblock')
    .description('serves a blocked external key again')
    .argument('<id>', 'the external key id', refuseUri)
    .addOption(keyStore)
    .addOption(config)
    .addOption(blockListOption())
    .action((externalKeyId: string, { keyStore, ...options }: BlockOptions & { keyStore: string }) =>
      unblockKey(cli, { keyStore, externalKeyId }, options),
    );

  command
    .command('list')
    .description('lists the secret keys of the token')
    .addOption(config)
    .addOption(keyManager)
    .option('--json', 'as JSON')
    .action(async ({ json, ...choice }: TokenChoice & { json?: boolean }) => {
      const keys = await withToken(cli, choice, (token) => token.listKeys());
      if (json) cli.out(JSON.stringify(keys, null, 2));
      else cli.out(keys.length === 0 ? 'The token has no secret keys.' : keyTable(keys));
    });
  return command;
}
