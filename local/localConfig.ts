import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { stringify } from 'yaml';
import { TOKEN_LABEL, type SoftHsm } from '../softhsm/setUp.ts';
import { newAuditKey } from '../src/audit/format/auditKey.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';

/** The id of the external key in the configuration, and its label in the token. */
export const KEY = 'foo';
export const HEALTH_KEY = 'xks-health';
/** Region of the SigV4 credential scope. */
export const REGION = 'us-east-1';

const AUDIT_KEY_FILE = 'audit.key';
const AUDIT_FOLDER = 'audit';

/**
 * Writes a configuration with one key store, a new credential and an audit log, its secrets in files beside it. The file names in
 * it are relative, so that the checkout can be moved. The file is renamed into place, so that it is never incomplete.
 */
export function writeLocalConfig(
  file: string,
  { softHsm, certificates }: { readonly softHsm: SoftHsm; readonly certificates: string },
): void {
  const fromHere = (other: string): string => relative(dirname(file), other);
  const { accessKeyId, secretAccessKey } = newCredential();
  const secretFile = `example.${accessKeyId}.secret`;
  const config = {
    server: {
      regions: [REGION],
      tls: {
        certificateFile: fromHere(join(certificates, 'server.crt')),
        privateKeyFile: fromHere(join(certificates, 'server.key')),
      },
    },
    audit: { directory: AUDIT_FOLDER, origin: 'localhost', key: { file: AUDIT_KEY_FILE } },
    keyManagers: [
      {
        name: 'softhsm',
        pkcs11: {
          module: softHsm.module,
          token: { label: TOKEN_LABEL },
          pin: { file: fromHere(softHsm.pinFile) },
          healthKey: HEALTH_KEY,
        },
      },
    ],
    keyStores: [
      {
        name: 'example',
        uriPathPrefix: '/example/uri/path/prefix',
        keyManagers: ['softhsm'],
        credentials: [{ accessKeyId, secretAccessKey: { file: secretFile } }],
        keys: [{ id: KEY }],
      },
    ],
  };
  writeFileSync(join(dirname(file), secretFile), `${secretAccessKey.reveal()}\n`, { mode: 0o600 });
  const auditKeyFile = join(dirname(file), AUDIT_KEY_FILE);
  // The folder is made before the proxy runs, so that the audit log has the creation of the first keys.
  mkdirSync(join(dirname(file), AUDIT_FOLDER), { recursive: true, mode: 0o700 });
  // A new key would end the log of an earlier run.
  if (!existsSync(auditKeyFile)) writeFileSync(auditKeyFile, newAuditKey(), { mode: 0o600 });
  const schemaFile = fromHere(join(import.meta.dirname, '../config/xks-proxy.schema.json'));
  const schema = `# yaml-language-server: $schema=${schemaFile}\n`;
  writeFileSync(`${file}.new`, schema + stringify(config), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
