import { editConfig } from '../../config/editConfig.ts';
import { loadConfig } from '../../config/loadConfig.ts';
import type { Config } from '../../config/schema/schema.ts';
import { inLine } from '../../config/yaml/yamlText.ts';
import { EXTERNAL_KEY_ID_PATTERN } from '../../xks/path.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { findKeyStore } from '../findKeyStore.ts';
import type { Usage } from './keyArguments.ts';
import { adviceToCopy, createInToken, type TokenChoice } from './withToken.ts';

export interface CreateOptions extends TokenChoice {
  readonly usage: readonly Usage[];
  readonly ckaId?: string;
  readonly keyStore?: string;
}

/** Makes a key in the token and, if asked to, adds it to a key store of the configuration. */
export async function createKey(
  cli: Cli,
  label: string,
  { config, keyManager, usage, ckaId, keyStore }: CreateOptions,
): Promise<void> {
  const found = keyStore === undefined ? undefined : findKeyStore(cli, config, keyStore);
  if (found) requireNewId(found.keyStore, label);
  const choice = { config, keyManager: keyManager ?? found?.keyStore.keyManagers[0] };
  const { record } = await createInToken(cli, choice, 'key create', { label, ckaId, usages: usage });
  if (!found) {
    cli.out(purposeOf(cli, { label, ckaId, config }));
    return;
  }
  editConfig(config, cli.env, {
    edit: (yaml) => {
      const selector = ckaId === undefined ? {} : { label, ckaId };
      yaml.addToList(['keyStores', found.index, 'keys'], { id: label, ...selector });
    },
  });
  await record({ act: 'key create', changed: 'configuration', keyStore: found.keyStore.name, externalKeyId: label });
  cli.out(`Added it to the key store ${found.keyStore.name}; a running proxy serves it within a few seconds.`);
  for (const line of adviceToCopy(label, choice.keyManager, found.keyStore, 'now')) cli.out(line);
}

/** Says what the configuration uses the new key for, or how a key store comes to serve it. */
function purposeOf(
  cli: Cli,
  {
    label,
    ckaId,
    config: file,
  }: { readonly label: string; readonly ckaId: string | undefined; readonly config: string },
): string {
  const { keyManagers, keyStores } = loadConfig(file, cli.env).config;
  const checked = keyManagers.filter(({ pkcs11 }) => pkcs11.healthKey === label);
  if (checked.length > 0) return `It is for the health checks of ${namesOf(checked)}: no key store needs it.`;
  const serving = keyStores.filter(({ keys }) =>
    keys.some(({ versions }) => versions.some((version) => version.label === label)),
  );
  if (serving.length > 0) return `${file} has it in ${namesOf(serving)} already.`;
  const canBeId = EXTERNAL_KEY_ID_PATTERN.test(label);
  const entry = {
    id: canBeId ? label : 'ID',
    ...((!canBeId || ckaId !== undefined) && { label }),
    ...(ckaId !== undefined && { ckaId }),
  };
  const choice = canBeId ? '' : ', with an ID of your choice';
  return `A key store serves it when its keys in ${file} have - ${inLine(entry)}${choice}.`;
}

function namesOf(named: readonly { readonly name: string }[]): string {
  return named.map(({ name }) => name).join(', ');
}

// Checked before the key is made, which cannot be undone.
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
