import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Secret } from '../../secret.ts';

export interface SignOptions {
  readonly accessKeyId: string;
  readonly rawSecretAccessKey: Secret;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Returns the headers host, x-amz-date and authorization of a POST. The first two are signed. Spec, Appendix A. */
export async function signRequest(
  request: { readonly host: string; readonly path: string; readonly body: Buffer },
  { accessKeyId, rawSecretAccessKey, region, time }: SignOptions,
): Promise<Readonly<Record<string, string>>> {
  const { host, path, body } = request;
  const signer = new SignatureV4({
    service: 'kms-xks-proxy',
    region,
    credentials: { accessKeyId, secretAccessKey: rawSecretAccessKey.reveal() },
    sha256: Hash.bind(null, 'sha256'),
    // Adds no x-amz-content-sha256, and signs the path as it is sent.
    applyChecksum: false,
    uriEscapePath: false,
  });
  const signed = await signer.sign(
    { method: 'POST', protocol: 'https:', hostname: host, path, headers: { host }, body },
    { signingDate: new Date(time) },
  );
  return signed.headers;
}
