import type { Credential } from '../src/sigv4/credential.ts';

export interface SignedPost {
  readonly url: string;
  readonly body: object;
  readonly caFile: string;
  readonly region: string;
  readonly credential: Credential;
}

/** Returns arguments for curl 7.75 or newer to send a signed request to an XKS proxy. They contain the secret. */
export function curlArguments({ url, body, caFile, region, credential }: SignedPost): string[] {
  return [
    '-sS',
    '--cacert',
    caFile,
    '--aws-sigv4',
    `aws:amz:${region}:kms-xks-proxy`,
    '--user',
    `${credential.accessKeyId}:${credential.secretAccessKey.reveal()}`,
    '-H',
    'Content-Type: application/json',
    // curl before 7.87 signs the host without its port, so the Host header must not have the port either.
    '-H',
    `Host: ${new URL(url).hostname}`,
    '--data',
    JSON.stringify(body),
    url,
  ];
}

/** Quotes words as a line for any POSIX shell. */
export function shellLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
