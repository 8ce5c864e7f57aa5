import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { ConfigError } from '../../src/config/problems/problem.ts';
import { testCertificates } from './certificates.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** A secret access key, which no problem may quote. */
export const CONFIG_SECRET = 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE';

/** The files to which the valid configuration refers. */
export const CONFIG_FILES = {
  'module.so': 'not loaded here',
  pin: '123456\n',
  secret: `${CONFIG_SECRET}\n`,
  'server.crt': testCertificates.server.certificate + testCertificates.ca.certificate,
  'server.key': testCertificates.server.privateKey,
};

/** A configuration before parsing, without keys that have a default. */
export function validConfig() {
  return {
    server: { regions: ['us-east-1'], tls: { certificateFile: 'server.crt', privateKeyFile: 'server.key' } } as object,
    keyManagers: [
      {
        name: 'softhsm',
        pkcs11: { module: 'module.so', token: { label: 'xks-proxy' } as object, pin: { file: 'pin' } as unknown },
      },
    ],
    keyStores: [
      {
        name: 'example',
        uriPathPrefix: '/example',
        keyManagers: ['softhsm'],
        credentials: [{ accessKeyId: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', secretAccessKey: { file: 'secret' } as unknown }],
        keys: [{ id: 'foo' }],
      },
    ],
  };
}

/** The valid configuration after a change. */
export function changedConfig(change: (config: ReturnType<typeof validConfig>) => void): unknown {
  const config = validConfig();
  change(config);
  return config;
}

/** Loads a configuration that is an object, text or bytes, with its own and additional files. */
export function loadWritten(
  written: unknown,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const text = typeof written === 'string' || written instanceof Uint8Array ? written : stringify(written);
  return loadConfig(join(temporaryFolder({ ...CONFIG_FILES, ...files, 'config.yaml': text }), 'config.yaml'), env);
}

/** The problems of a configuration with their paths. Empty if it is valid. */
export function problemsOf(
  written: unknown,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  env: Readonly<Record<string, string>> = {},
): string[] {
  try {
    loadWritten(written, files, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain(CONFIG_SECRET);
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}
