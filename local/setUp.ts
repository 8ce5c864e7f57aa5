import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificates } from '../certs/generate.ts';
import { hasToken, initializeToken, setUpSoftHsm, TOKEN_LABEL } from '../softhsm/setUp.ts';
import { editConfig } from '../src/config/editConfig.ts';
import { loadConfig } from '../src/config/loadConfig.ts';
import type { Credential } from '../src/sigv4/credential.ts';
import { credentialFile } from '../src/xks/credentialFile.ts';
import { HEALTH_KEY, KEY, writeLocalConfig } from './localConfig.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Result of the set-up. File names are absolute. */
export interface LocalSetUp {
  readonly configFile: string;
  /** File for the KMS console. It contains the secret. */
  readonly credentialFile: string;
  /** PEM file of the authority that issued the server's certificate. */
  readonly caFile: string;
  /** Environment of xks-proxy, with the path to the token. */
  readonly env: Environment;
  /** Prefix of the first key store in the configuration. */
  readonly uriPathPrefix: string;
  readonly credential: Credential;
}

export interface SetUpOptions {
  /** The compiled program. */
  readonly main: string;
  readonly host: string;
  readonly port: number;
  readonly env: Environment;
  /** Folder of the configuration and its secrets. */
  readonly folder?: string;
}

/**
 * Makes everything that a local run needs in `root`: a SoftHSM token, certificates, a configuration with one key store, and the
 * keys in the token. Keeps what exists from earlier runs; only the address changes.
 */
export function setUpLocal(
  root: string,
  { main, host, port, env, folder = join(root, 'local/made') }: SetUpOptions,
): LocalSetUp {
  const softHsm = setUpSoftHsm(join(root, 'softhsm/made'));
  if (!hasToken(softHsm, TOKEN_LABEL)) initializeToken(softHsm, TOKEN_LABEL);
  const certificates = join(root, 'certs/made');
  generateCertificates(certificates);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    configFile: join(folder, 'config.yaml'),
    credentialFile: join(folder, 'credential.json'),
    caFile: join(certificates, 'ca.crt'),
  };
  const proxyEnv = { ...env, ...softHsm.env };
  if (!existsSync(files.configFile)) writeLocalConfig(files.configFile, { softHsm, certificates });
  editConfig(files.configFile, proxyEnv, {
    edit: (yaml) => {
      yaml.set(['server', 'host'], host);
      yaml.set(['server', 'port'], port);
    },
  });
  createMissingKeys(main, files.configFile, proxyEnv);

  const [keyStore] = loadConfig(files.configFile, proxyEnv).config.keyStores;
  const [credential] = keyStore?.credentials ?? [];
  if (!keyStore || !credential) throw new Error(`The first key store of ${files.configFile} has no credential.`);
  const { accessKeyId, secretAccessKey } = credential;
  const content = credentialFile(keyStore.uriPathPrefix, accessKeyId, secretAccessKey.reveal());
  writeFileSync(files.credentialFile, `${content}\n`, { mode: 0o600 });
  return { ...files, env: proxyEnv, uriPathPrefix: keyStore.uriPathPrefix, credential };
}

function createMissingKeys(main: string, configFile: string, env: Environment): void {
  const key = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [main, 'key', ...args, '--config', configFile], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const existing = JSON.parse(key('list', '--json')) as { label: string }[];
  for (const wanted of [KEY, HEALTH_KEY]) {
    if (!existing.some(({ label }) => label === wanted)) process.stdout.write(key('create', wanted));
  }
}
