import { loadConfig } from '../../config/loadConfig.ts';
import type { Config } from '../../config/schema/schema.ts';
import type { NewAesKey } from '../../hsm/pkcs11/keys/aesKeyTemplate.ts';
import {
  openPkcs11Administration,
  type ListedKey,
  type Pkcs11Administration,
} from '../../hsm/pkcs11/keys/pkcs11Administration.ts';
import { ModuleRegistry } from '../../hsm/pkcs11/module/moduleRegistry.ts';
import { CommandFailure, type Cli } from '../cli.ts';
import { actRecorder, type AdministrativeAct } from '../recordAct.ts';

export interface TokenChoice {
  readonly config: string;
  readonly keyManager?: string | undefined;
}

/** Uses the token of a key manager. */
export async function withToken<T>(cli: Cli, choice: TokenChoice, use: (token: Pkcs11Administration) => T): Promise<T> {
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

/** Makes a key in the token, prints it and records it. `record` records further acts of the command. */
export async function createInToken(
  cli: Cli,
  choice: TokenChoice,
  act: string,
  key: NewAesKey,
): Promise<{ readonly created: ListedKey; readonly record: (act: AdministrativeAct) => Promise<void> }> {
  const { config } = loadConfig(choice.config, cli.env);
  const record = actRecorder(cli, config);
  const created = await withToken(cli, choice, (token) => token.createKey(key));
  const { ckaId, keySpec, checkValue, keyUsage } = created;
  const { name: keyManager } = chooseKeyManager(config, choice.keyManager);
  await record({ act, changed: 'token', keyManager, label: key.label, ckaId, keySpec, checkValue, keyUsage });
  cli.out(`Created ${describe(created)}`);
  return { created, record };
}

/** Says that the other key managers of a key store need a new key too. Empty if there are none. */
export function adviceToCopy(
  label: string,
  holder: string | undefined,
  { keyManagers }: Config['keyStores'][number],
  when: string,
): string[] {
  const others = keyManagers.filter((name) => name !== holder).join(', ');
  if (others === '') return [];
  const until = `Until then, only ${holder ?? ''} can use it, and requests that need it fail when ${holder ?? ''} fails.`;
  return [`Copy ${label} from ${holder ?? ''} to ${others} ${when}. ${until}`];
}

function chooseKeyManager({ keyManagers }: Config, name: string | undefined): Config['keyManagers'][number] {
  const matching = keyManagers.filter((keyManager) => name === undefined || keyManager.name === name);
  const [chosen, ...others] = matching;
  if (chosen && others.length === 0) return chosen;
  const names = keyManagers.map((keyManager) => keyManager.name).join(', ');
  if (name !== undefined) throw new CommandFailure(`no key manager ${name}; there is ${names}`);
  throw new CommandFailure(`choose one key manager with --key-manager; the configuration has: ${names}`);
}

function describe({ label, ckaId, keySpec, checkValue, keyUsage, sensitive, extractable }: ListedKey): string {
  const identity = [`CKA_ID ${ckaId}`, keySpec, ...(checkValue === undefined ? [] : [`check value ${checkValue}`])];
  const protection = [
    sensitive ? 'sensitive' : 'NOT SENSITIVE',
    extractable === false ? 'not extractable' : 'EXTRACTABLE',
  ];
  return [label, ...identity, keyUsage.join(',') || 'no usage', ...protection].join('  ');
}
