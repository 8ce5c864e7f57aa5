import { createHash, createHmac } from 'node:crypto';
import type { Credential } from '../../src/sigv4/credential.ts';

export interface HandSignedOptions {
  readonly credential: Credential;
  readonly path: string;
  readonly body: string;
  readonly signedHeaders?: string;
  /** Headers besides host and x-amz-date. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly date?: Date;
  readonly scopeDate?: string;
  readonly region?: string;
  readonly service?: string;
  readonly terminator?: string;
  readonly separator?: string;
}

/** Headers of a request that is signed step by step, so that one part can be wrong while all others are right. */
export function handSigned(options: HandSignedOptions): Record<string, string> {
  const { credential, path, body, date = new Date(), region = 'us-east-1', service = 'kms-xks-proxy' } = options;
  const { signedHeaders = 'host;x-amz-date', headers = {}, terminator = 'aws4_request', separator = ', ' } = options;
  const amzDate = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const sent: Record<string, string> = { host: 'xks.example.com', 'x-amz-date': amzDate, ...headers };
  const canonical = [
    'POST',
    path,
    '',
    ...signedHeaders.split(';').map((name) => `${name}:${sent[name] ?? ''}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const scope = [options.scopeDate ?? amzDate.slice(0, 8), region, service, terminator];
  const text = ['AWS4-HMAC-SHA256', amzDate, scope.join('/'), sha256(canonical)].join('\n');
  const seed = Buffer.from(`AWS4${credential.secretAccessKey.reveal()}`);
  const signature = hmac(scope.reduce(hmac, seed), text).toString('hex');
  const parts = [
    `Credential=${credential.accessKeyId}/${scope.join('/')}`,
    `SignedHeaders=${signedHeaders}`,
    `Signature=${signature}`,
  ];
  return { ...sent, authorization: `AWS4-HMAC-SHA256 ${parts.join(separator)}` };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
