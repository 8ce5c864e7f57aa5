import { Command, InvalidArgumentError, Option } from 'commander';
import { addToList, editConfig } from '../config/editConfig.ts';
import { ckaIdField } from '../config/fields.ts';
import { loadConfig } from '../config/loadConfig.ts';
import type { Config } from '../config/schema.ts';
import {
  openPkcs11Administration,
  type ListedKey,
  type NewAesKey,
  type Pkcs11Administration,
} from '../hsm/pkcs11/keys/pkcs11Administration.ts';
import { ModuleRegistry } from '../hsm/pkcs11/module/moduleRegistry.ts';
import { EXTERNAL_KEY_ID_PATTERN } from '../xks/path.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { findKeyStore } from './findKeyStore.ts';
import { keyTable } from './keyTable.ts';
import { actRecorder, type AdministrativeAct } from './recordAct.ts';

type Usage = 'ENCRYPT' | 'DECRYPT';

interface TokenChoice {
  readonly config: string;
  readonly keyManager?: string | undefined;
}

interface CreateOptions extends TokenChoice {
  readonly usage: readonly Usage[];
  readonly ckaId?: string;
  readonly keyStore?: string;
}

interface RotateOptions {
  readonly config: string;
  readonly keyStore: string;
  readonly label?: string;
  readonly decryptOnly?: boolean;
}

/** `xks-proxy key create|list|rotate`. */
export function keyCommand(cli: Cli): Command {
  const command = new Command('key').description('the AES keys in the token of a key manager');
  const config = new Option('--config <file>', 'the configuration file').makeOptionMandatory();
  const keyManager = new Option('--key-manager <name>', 'needed when the configuration has more than one');

  command
    .command('create')
    .description('makes an AES-256 key in the token: sensitive and not extractable')
    .argument(
      '<label>',
      'its CKA_LABEL: the id of the external key, unless the configuration gives that key another label',
    )
    .addOption(config)
    .addOption(keyManager)
    .addOption(
      new Option('--usage <list>', 'what it may do: encrypt,decrypt or encrypt or decrypt or none')
        .argParser(parseUsage)
        .default(['ENCRYPT', 'DECRYPT'], 'encrypt,decrypt'),
    )
    .addOption(
      new Option('--cka-id <hex>', 'its CKA_ID, in hexadecimal (default: 16 random bytes)').argParser(parseCkaId),
    )
    .option(
      '--key-store <name>',
      'also adds it to this key store of the configuration, its label as the external key id',
    )
    .action((label: string, options: CreateOptions) => createKey(cli, label, options));

  command
    .command('rotate')
    .description('makes the next version of an external key: it encrypts from now on, all versions decrypt')
    .argument('<id>', 'the external key id')
    .requiredOption('--key-store <name>', 'its key store')
    .addOption(config)
    .option('--label <label>', 'CKA_LABEL of the new version (default: <id>-v<number>)')
    .option('--decrypt-only', 'it only decrypts yet: the first step of a rotation with several proxies')
    .action((id: string, options: RotateOptions) => rotateKey(cli, id, options));

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

async function createKey(
  cli: Cli,
  label: string,
  { config, keyManager, usage, ckaId, keyStore }: CreateOptions,
): Promise<void> {
  const found = keyStore === undefined ? undefined : findKeyStore(cli, config, keyStore);
  if (found) requireNewId(found.keyStore, label);
  const choice = { config, keyManager: keyManager ?? found?.keyStore.keyManagers[0] };
  const { record } = await createInToken(cli, choice, 'key create', { label, ckaId, usages: usage });
  if (!found) {
    const selector = ckaId === undefined ? '' : `, label: ${label}, ckaId: "${ckaId}"`;
    cli.out(`A key store serves it when its keys in ${config} have - { id: ${label}${selector} }.`);
    return;
  }
  editConfig(config, cli.env, {
    edit: (document) => {
      const selector = ckaId === undefined ? {} : { label, ckaId };
      addToList(document, ['keyStores', found.index, 'keys'], { id: label, ...selector });
    },
  });
  await record({ act: 'key create', changed: 'configuration', keyStore: found.keyStore.name, externalKeyId: label });
  cli.out(`Added it to the key store ${found.keyStore.name}; a running proxy serves it in a few seconds.`);
}

// Before the key is made, which cannot be taken back.
function requireNewId({ name, keys }: Config['keyStores'][number], id: string): void {
  if (!EXTERNAL_KEY_ID_PATTERN.test(id)) {
    throw new CommandFailure(
      `${id} cannot be an external key id: 1 to 128 characters of A-Za-z0-9-_. and no dot segment`,
    );
  }
  if (keys.some((key) => key.id === id)) {
    throw new CommandFailure(
      `${name} has an external key ${id} already; to make its key in the token, leave out --key-store`,
    );
  }
}

async function rotateKey(cli: Cli, id: string, options: RotateOptions): Promise<void> {
  const { config, keyStore: name, decryptOnly = false } = options;
  const { index, keyStore } = findKeyStore(cli, config, name);
  const position = keyStore.keys.findIndex((key) => key.id === id);
  const versions = keyStore.keys[position]?.versions;
  if (!versions) throw new CommandFailure(`${name} has no external key ${id}`);
  const { label = `${id}-v${versions.length + 1}` } = options;
  const choice = { config, keyManager: keyStore.keyManagers[0] };
  const { created, record } = await createInToken(cli, choice, 'key rotate', { label, usages: ['ENCRYPT', 'DECRYPT'] });
  // As its earlier versions are found.
  const ckaId = versions.some((version) => version.ckaId !== undefined) ? created.ckaId : undefined;
  editConfig(config, cli.env, {
    edit: (document) => {
      const key = ['keyStores', index, 'keys', position];
      document.deleteIn([...key, 'label']);
      document.deleteIn([...key, 'ckaId']);
      const written = [...versions, { label, ckaId, decryptOnly }].map(toWritten);
      document.setIn([...key, 'versions'], document.createNode(written));
    },
  });
  const version = { externalKeyId: id, keyVersion: label, decryptOnly };
  await record({ act: 'key rotate', changed: 'configuration', keyStore: name, ...version });
  if (keyStore.keyManagers.length > 1)
    cli.out(`Replicate ${label} to ${keyStore.keyManagers.slice(1).join(', ')} first.`);
  cli.out(
    decryptOnly
      ? `Now give this configuration to every proxy; when all have reloaded it, take decryptOnly out, and do so again.`
      : `A running proxy takes it over in a few seconds. Several do not at the same moment, and one that does not know ${label} cannot decrypt what it encrypts: for them, see --decrypt-only.`,
  );
}

type Version = Pick<Config['keyStores'][number]['keys'][number]['versions'][number], 'label' | 'ckaId' | 'decryptOnly'>;

/** A version as it stands in a configuration file. */
function toWritten({ label, ckaId, decryptOnly }: Version): object {
  return {
    ...(label !== undefined && { label }),
    ...(ckaId !== undefined && { ckaId }),
    ...(decryptOnly && { decryptOnly }),
  };
}

/** Makes a key in the token, says so and records it; `record` records the further acts of the command. */
async function createInToken(
  cli: Cli,
  choice: TokenChoice,
  act: string,
  key: NewAesKey,
): Promise<{ readonly created: ListedKey; readonly record: (act: AdministrativeAct) => Promise<void> }> {
  const { config } = loadConfig(choice.config, cli.env);
  const record = actRecorder(cli, config);
  const created = await withToken(cli, choice, (token) => token.createKey(key));
  const { ckaId, keySpec, keyUsage } = created;
  const { name: keyManager } = chooseKeyManager(config, choice.keyManager);
  await record({ act, changed: 'token', keyManager, label: key.label, ckaId, keySpec, keyUsage });
  cli.out(`Created ${describe(created)}`);
  return { created, record };
}

function parseCkaId(text: string): string {
  const { data, error } = ckaIdField.safeParse(text);
  if (data !== undefined) return data;
  throw new InvalidArgumentError(`It ${error.issues[0]?.message ?? ''}.`);
}

function parseUsage(text: string): Usage[] {
  if (text === 'none') return [];
  const usages = text.split(',').map((word) => word.trim().toUpperCase());
  if (usages.every((usage) => usage === 'ENCRYPT' || usage === 'DECRYPT')) return usages;
  throw new InvalidArgumentError('Say encrypt,decrypt or encrypt or decrypt or none.');
}

async function withToken<T>(cli: Cli, choice: TokenChoice, use: (token: Pkcs11Administration) => T): Promise<T> {
  const { config, warnings } = loadConfig(choice.config, cli.env);
  for (const warning of warnings) cli.err(`warning: ${warning}`);
  const { pkcs11 } = chooseKeyManager(config, choice.keyManager);
  const token = await openPkcs11Administration(pkcs11, { modules: new ModuleRegistry() });
  try {
    return use(token);
  } finally {
    token.close();
  }
}

function chooseKeyManager({ keyManagers }: Config, name: string | undefined): Config['keyManagers'][number] {
  const matching = keyManagers.filter((keyManager) => name === undefined || keyManager.name === name);
  const [chosen, ...others] = matching;
  if (chosen && others.length === 0) return chosen;
  const names = keyManagers.map((keyManager) => keyManager.name).join(', ');
  throw new CommandFailure(`choose one key manager with --key-manager; the configuration has: ${names}`);
}

function describe({ label, ckaId, keySpec, keyUsage, sensitive, extractable }: ListedKey): string {
  const protection = [
    sensitive ? 'sensitive' : 'NOT SENSITIVE',
    extractable === false ? 'not extractable' : 'EXTRACTABLE',
  ];
  return [label, `CKA_ID ${ckaId}`, keySpec, keyUsage.join(',') || 'no usage', ...protection].join('  ');
}
