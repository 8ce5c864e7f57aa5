import { PREFIX } from './signedRequest.ts';

export const requestMetadata = {
  awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
  kmsKeyArn: 'arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  kmsOperation: 'Encrypt',
  kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
  kmsViaService: 'ebs',
};

export const healthMetadata = { kmsOperation: 'KmsHealthCheck', kmsRequestId: '1124f4d6-db54-4af4-ae30-c55a22a8abcd' };

export const encryptBody = {
  requestMetadata,
  plaintext: Buffer.from('Hello World!').toString('base64'),
  encryptionAlgorithm: 'AES_GCM',
};

export const paths = {
  health: `${PREFIX}/kms/xks/v1/health`,
  metadata: keyPath('foo', 'metadata'),
  encrypt: keyPath('foo', 'encrypt'),
  decrypt: keyPath('foo', 'decrypt'),
};

export function keyPath(id: string, operation: 'metadata' | 'encrypt' | 'decrypt', prefix = PREFIX): string {
  return `${prefix}/kms/xks/v1/keys/${id}/${operation}`;
}

export function base64(bytes: number, fill = 7): string {
  return Buffer.alloc(bytes, fill).toString('base64');
}
