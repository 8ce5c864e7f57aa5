import { editConfig } from '../../config/editConfig.ts';
import type { KeyPath } from '../../config/problems/problem.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { YamlEditor } from '../../config/yaml/yamlEditor.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { findKeyStore } from '../findKeyStore.ts';
import { adviceToCopy, createInToken } from './withToken.ts';

export interface RotateOptions {
  readonly config: string;
  readonly keyStore: string;
  readonly label?: string;
  readonly decryptOnly?: boolean;
}

/** Makes the next version of an external key in the token, and adds it to the configuration. */
export async function rotateKey(cli: Cli, id: string, options: RotateOptions): Promise<void> {
  const { config, keyStore: name, decryptOnly = false } = options;
  const { index, keyStore } = findKeyStore(cli, config, name);
  const position = keyStore.keys.findIndex((key) => key.id === id);
  const versions = keyStore.keys[position]?.versions;
  if (!versions) throw new CommandFailure(`${name} has no external key ${id}`);
  const { label = `${id}-v${versions.length + 1}` } = options;
  const choice = { config, keyManager: keyStore.keyManagers[0] };
  const { created, record } = await createInToken(cli, choice, 'key rotate', { label, usages: ['ENCRYPT', 'DECRYPT'] });
  // The new version is selected in the same way as the earlier ones.
  const ckaId = versions.some((version) => version.ckaId !== undefined) ? created.ckaId : undefined;
  editConfig(config, cli.env, {
    edit: (yaml) => {
      addVersion(yaml, ['keyStores', index, 'keys', position], versions, { label, ckaId, decryptOnly });
    },
  });
  const version = { externalKeyId: id, keyVersion: label, decryptOnly };
  await record({ act: 'key rotate', changed: 'configuration', keyStore: name, ...version });
  const when = decryptOnly ? 'before you remove decryptOnly' : 'now';
  for (const line of adviceToCopy(label, keyStore.keyManagers[0], keyStore, when)) cli.out(line);
  cli.out(
    decryptOnly
      ? `Now give this configuration to every proxy. When all have reloaded it, remove decryptOnly, and give them the new configuration.`
      : `A running proxy applies this within a few seconds. Several proxies do not apply it at the same moment, and a proxy that does not know ${label} cannot decrypt data encrypted with it: for several proxies, use --decrypt-only.`,
  );
}

type Version = Pick<Config['keyStores'][number]['keys'][number]['versions'][number], 'label' | 'ckaId' | 'decryptOnly'>;

/**
 * Adds a version to a key in the YAML. `versions` are its earlier versions. A key without `versions` has one version, given by
 * its label and ckaId.
 */
function addVersion(yaml: YamlEditor, key: KeyPath, versions: readonly Version[], added: Version): void {
  if (yaml.get([...key, 'versions']) !== undefined) {
    yaml.addToList([...key, 'versions'], toWritten(added));
    return;
  }
  const written = [...versions, added].map(toWritten);
  const [first, ...others] = ['label', 'ckaId'].filter((name) => yaml.get([...key, name]) !== undefined);
  if (first === undefined) yaml.set([...key, 'versions'], written);
  else yaml.replaceMember([...key, first], 'versions', written);
  for (const name of others) yaml.remove([...key, name]);
}

/** Returns a version in the form of the configuration file. */
function toWritten({ label, ckaId, decryptOnly }: Version): object {
  return {
    ...(label !== undefined && { label }),
    ...(ckaId !== undefined && { ckaId }),
    ...(decryptOnly && { decryptOnly }),
  };
}
