import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Secret } from '../../src/secret.ts';
import type { RunningPeer } from '../startPeer.ts';

/** A proxy that the user has started, as FILE.json describes it. */
interface OtherProxy {
  readonly name: string;
  /** `https://host:port`, or `http://` */
  readonly endpoint: string;
  /** `[/<prefix>]/kms/xks/v1` */
  readonly uriPath: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly key: string;
  /** File of trusted certificate authorities, relative to FILE.json. */
  readonly ca?: string;
  /** Accepts any certificate. */
  readonly insecure?: boolean;
  readonly awsPrincipalArn?: string;
  readonly pid?: number;
}

const DEADLINE_MS = 5_000;

/** Reads the description of a running proxy. Throws an Error that names the file and what is missing in it. */
export function readOther(file: string): {
  readonly name: string;
  readonly isSecure: boolean;
  readonly peer: RunningPeer;
} {
  const other = JSON.parse(readFileSync(file, 'utf8')) as OtherProxy;
  const { name, endpoint, uriPath, region, accessKeyId, secretAccessKey, key, ca, insecure = false, pid } = other;
  for (const [field, value] of Object.entries({ name, endpoint, uriPath, region, accessKeyId, secretAccessKey, key })) {
    if (typeof value !== 'string') throw new Error(`${file} must have "${field}", a text`);
  }
  const { awsPrincipalArn = 'arn:aws:iam::123456789012:user/Alice' } = other;
  const target = {
    endpoint: {
      url: new URL(endpoint),
      connectTo: undefined,
      tls: {
        ca: ca && readFileSync(resolve(dirname(file), ca), 'utf8'),
        cert: undefined,
        key: undefined,
        ...(insecure && { rejectUnauthorized: false as const }),
      },
      deadlineMs: DEADLINE_MS,
    },
    keyStore: { uriPath, credential: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) }, keyId: key },
    secondKeyStore: undefined,
    region,
    keys: { encryptOnly: undefined, decryptOnly: undefined, noUsage: undefined, blocked: undefined },
    principalArn: awsPrincipalArn,
    kmsKeyArn: `arn:aws:kms:${region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    clock: Date.now,
  };
  const peer = {
    target,
    pid,
    startedInMs: NaN,
    log: () => '',
    signal: () => undefined,
    stop: () => Promise.resolve(),
  };
  return { name, isSecure: target.endpoint.url.protocol === 'https:', peer };
}
