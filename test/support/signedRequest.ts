import aws4 from 'aws4';
import { Secret } from '../../src/secret.ts';
import type { Credential } from '../../src/sigv4/credential.ts';

export const REGION = 'us-east-1';
export const PREFIX = '/example/uri/path/prefix';
export const OTHER_PREFIX = '/other';

/** Options of a signed request; `unsigned` headers are added after signing. */
export type PostOptions = Partial<Omit<SignOptions, 'path' | 'body'>> & {
  readonly unsigned?: Readonly<Record<string, string>>;
};

export interface SignOptions {
  readonly path: string;
  readonly body: string | Buffer;
  readonly credential: Credential;
  readonly method?: string;
  readonly service?: string;
  readonly region?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The headers of a request signed by `aws4`, which is independent of the verifying code. */
export function signedHeaders(options: SignOptions): Record<string, string> {
  const { path, body, credential, method = 'POST', service = 'kms-xks-proxy', region = REGION, headers = {} } = options;
  const request = aws4.sign(
    {
      method,
      path,
      body: body as string,
      service,
      region,
      headers: { Host: 'xks.example.com', 'Content-Type': 'application/json', ...headers },
    },
    { accessKeyId: credential.accessKeyId, secretAccessKey: credential.secretAccessKey.reveal() },
  );
  return request.headers as Record<string, string>;
}

export function withSecret({ accessKeyId }: Credential, secret: string): Credential {
  return { accessKeyId, secretAccessKey: new Secret(secret) };
}
