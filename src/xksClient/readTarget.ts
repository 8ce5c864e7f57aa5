import { readFileSync } from 'node:fs';
import { readTrustedAuthorities } from '../certificates/clientTls.ts';
import { readPemBundle, writePemBundle } from '../certificates/readPemBundle.ts';
import { readPrivateKey, writePrivateKey } from '../certificates/readPrivateKey.ts';
import { Secret } from '../secret.ts';
import type { Endpoint, KeyStoreTarget, Target } from './target.ts';

/** Options of the command line that describe a target. */
export interface TargetOptions {
  readonly endpoint: string;
  readonly uriPath: string;
  readonly accessKeyId: string;
  readonly secretFile: string;
  readonly key: string;
  readonly region: string;
  readonly principalArn: string;
  readonly kmsKeyArn: string;
  readonly encryptOnlyKey?: string;
  readonly decryptOnlyKey?: string;
  /** Value of `--no-usage-key <id>`. Commander reads `--no-` as a negation, so it is true without the option. */
  readonly usageKey: true | string;
  readonly blockedKey?: string;
  readonly secondUriPath?: string;
  readonly secondAccessKeyId?: string;
  readonly secondSecretFile?: string;
  readonly secondKey?: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly resolve?: string;
}

/** Thrown when an option cannot be used. The message names the option. */
export class InvalidOption extends Error {
  override readonly name = 'InvalidOption';
}

// KMS gives up after 250 ms. With this limit, a slow network would make a hundred cases fail.
const DEADLINE_MS = 5_000;

/** Reads a target from options and their files. Throws InvalidOption. */
export function readTarget(options: TargetOptions): Target {
  const { encryptOnlyKey, decryptOnlyKey, usageKey, blockedKey, region, principalArn, kmsKeyArn } = options;
  const { uriPath, accessKeyId, secretFile, key } = options;
  return {
    endpoint: readEndpoint(options),
    keyStore: readKeyStore('--uri-path', uriPath, accessKeyId, secretFile, key),
    secondKeyStore: readSecondKeyStore(options),
    region,
    keys: {
      encryptOnly: encryptOnlyKey,
      decryptOnly: decryptOnlyKey,
      noUsage: usageKey === true ? undefined : usageKey,
      blocked: blockedKey,
    },
    principalArn,
    kmsKeyArn,
    clock: Date.now,
  };
}

function readEndpoint({ endpoint, resolve, ca, clientCert, clientKey }: TargetOptions): Endpoint {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new InvalidOption('--endpoint must be https://host[:port], or http:// for tests');
  }
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw new InvalidOption('--client-cert and --client-key go together');
  }
  return {
    url,
    connectTo: resolve === undefined ? undefined : parseResolution(resolve, url.hostname),
    tls: {
      ca: ca && readPem('--ca', ca, readTrustedAuthorities),
      cert: clientCert && readPem('--client-cert', clientCert, (text) => writePemBundle(readPemBundle(text))),
      key: clientKey && readPem('--client-key', clientKey, (text) => writePrivateKey(readPrivateKey(text))),
    },
    deadlineMs: DEADLINE_MS,
  };
}

function parseResolution(text: string, hostname: string): { host: string; port: number } {
  const [, name, host = '', port] = /^([^=]+)=(.+):(\d+)$/.exec(text) ?? [];
  if (name !== hostname) throw new InvalidOption(`--resolve must be ${hostname}=host:port`);
  return { host, port: Number(port) };
}

function readSecondKeyStore(options: TargetOptions): KeyStoreTarget | undefined {
  const { secondUriPath: path, secondAccessKeyId: id, secondSecretFile: file, secondKey: key } = options;
  if (path === undefined && id === undefined && file === undefined && key === undefined) return undefined;
  if (path === undefined || id === undefined || file === undefined || key === undefined) {
    throw new InvalidOption(
      '--second-uri-path, --second-access-key-id, --second-secret-file and --second-key go together',
    );
  }
  return readKeyStore('--second-uri-path', path, id, file, key);
}

function readKeyStore(
  option: string,
  uriPath: string,
  accessKeyId: string,
  file: string,
  keyId: string,
): KeyStoreTarget {
  if (!/^(\/[\w-]+)*\/kms\/xks\/v1$/.test(uriPath)) throw new InvalidOption(`${option} must be [/<prefix>]/kms/xks/v1`);
  const secretAccessKey = new Secret(readText('the file of a secret', file).trim());
  return { uriPath, credential: { accessKeyId, secretAccessKey }, keyId };
}

function readPem(option: string, file: string, read: (text: string) => string): string {
  const text = readText(option, file);
  try {
    return read(text);
  } catch (error) {
    throw new InvalidOption(`${option} cannot be used: ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidOption(`${option} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
