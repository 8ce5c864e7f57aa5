import aws4 from 'aws4';

/** An XKS proxy to measure. */
export interface Target {
  readonly name: string;
  /** `http://host:port`, without a path. */
  readonly endpoint: string;
  /** `[/<prefix>]/kms/xks/v1`. */
  readonly uriPath: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly key: string;
  /** Its process, to measure the CPU time of; on Linux only. */
  readonly pid?: number | undefined;
}

/** One signed Encrypt of a 32-byte data key. A proxy accepts the same one for five minutes, so that signing costs no load. */
export function signedEncrypt({ endpoint, uriPath, region, accessKeyId, secretAccessKey, key }: Target) {
  const url = new URL(`${endpoint}${uriPath}/keys/${key}/encrypt`);
  const body = JSON.stringify({
    requestMetadata: {
      awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: `arn:aws:kms:${region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      kmsOperation: 'GenerateDataKey',
      kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
    },
    plaintext: Buffer.alloc(32, 7).toString('base64'),
    additionalAuthenticatedData: Buffer.from('project=nile,department=marketing').toString('base64'),
    encryptionAlgorithm: 'AES_GCM',
  });
  const { headers } = aws4.sign(
    {
      method: 'POST',
      service: 'kms-xks-proxy',
      region,
      path: url.pathname,
      body,
      headers: { Host: url.host, 'Content-Type': 'application/json' },
    },
    { accessKeyId, secretAccessKey },
  );
  return { url: url.href, method: 'POST' as const, headers: headers as Record<string, string>, body };
}
