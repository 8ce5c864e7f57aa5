import { editConfig } from '../../config/editConfig.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { findKeyStore } from '../findKeyStore.ts';
import { actRecorder } from '../recordAct.ts';
import { listKeyStores } from './listKeyStores.ts';

/** Removes a blocked key store from the configuration. Its block stays, so that each proxy refuses it until it has reloaded. */
export async function removeKeyStore(cli: Cli, name: string, file: string): Promise<void> {
  const { config, index, keyStore } = findKeyStore(cli, file, name);
  const listed = await listKeyStores(cli, { config: file });
  if (listed.find((store) => store.name === name)?.status !== 'blocked') {
    throw new CommandFailure(
      `the key store ${name} is not blocked: run xks-proxy keystore block ${name} first, and make sure that nothing needs it`,
    );
  }
  if (config.keyStores.length === 1)
    throw new CommandFailure(`it is the only key store of ${file}; a proxy cannot serve without one`);
  editConfig(file, cli.env, {
    edit: (yaml) => {
      yaml.remove(['keyStores', index]);
    },
  });
  const accessKeyIds = keyStore.credentials.map(({ accessKeyId }) => accessKeyId);
  await actRecorder(cli, config)({ act: 'keystore remove', keyStore: name, accessKeyIds });
  cli.out(
    `Removed the key store ${name} from ${file}. A running proxy applies this within a few seconds. The files of its ` +
      `secrets and its keys in the token stay. Its block stays too, until you run xks-proxy keystore unblock ${name}.`,
  );
}
