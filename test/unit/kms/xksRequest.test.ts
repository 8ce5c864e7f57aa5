import { expect, it } from 'vitest';
import type { XksCall } from '../../../src/kms/xksProxy/xksProxyClient.ts';
import {
  decryptRequest,
  encryptRequest,
  healthRequest,
  metadataRequest,
  type XksRequest,
} from '../../../src/kms/xksProxy/xksRequest.ts';
import { Secret } from '../../../src/secret.ts';

const ofAll = { kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae', kmsOperation: 'ReEncrypt' };
const ofKeys = {
  ...ofAll,
  awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice',
  awsSourceVpc: 'vpc-1234',
  awsSourceVpce: 'vpce-5678',
};
const ofCrypto = {
  ...ofKeys,
  kmsKeyArn: 'arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  kmsViaService: 'ebs',
};

function call(requestMetadata: XksCall['requestMetadata'] = ofCrypto): XksCall {
  const proxy = {
    connectivity: 'PUBLIC_ENDPOINT',
    uriEndpoint: 'https://xks.example.com',
    uriPath: '/prefix/kms/xks/v1',
    vpcEndpointServiceName: undefined,
    vpcEndpointServiceOwner: undefined,
    accessKeyId: 'ABCDEFGHIJKLMNOPQRST',
    rawSecretAccessKey: new Secret('s'.repeat(43)),
  } as const;
  return { proxy, requestMetadata, customKeyStoreId: undefined };
}

function bodyOf({ body }: XksRequest): unknown {
  return JSON.parse(body.toString());
}

const sealed = {
  ciphertext: Buffer.from('ciphertext'),
  initializationVector: Buffer.alloc(12, 1),
  authenticationTag: Buffer.alloc(16, 2),
  ciphertextMetadata: Buffer.from('v1'),
};
const empty = Buffer.alloc(0);

it('a request of GetHealthStatus has two fields in requestMetadata', () => {
  const request = healthRequest(call());
  expect(request).toMatchObject({ xksOperation: 'GetHealthStatus', path: '/prefix/kms/xks/v1/health' });
  expect(bodyOf(request)).toEqual({ requestMetadata: ofAll });
});

it('a request of GetKeyMetadata has no ARN of a KMS key', () => {
  const request = metadataRequest(call(), 'foo');
  expect(request).toMatchObject({ xksOperation: 'GetKeyMetadata', path: '/prefix/kms/xks/v1/keys/foo/metadata' });
  expect(bodyOf(request)).toEqual({ requestMetadata: ofKeys });
});

it('a request of Encrypt has the plaintext and the AAD in Base64, and asks for a CDIV', () => {
  const request = encryptRequest(call(), 'foo', Buffer.from('Hello World!'), Buffer.from('aad'));
  expect(request).toMatchObject({ xksOperation: 'Encrypt', path: '/prefix/kms/xks/v1/keys/foo/encrypt' });
  expect(bodyOf(request)).toEqual({
    requestMetadata: ofCrypto,
    plaintext: 'SGVsbG8gV29ybGQh',
    encryptionAlgorithm: 'AES_GCM',
    additionalAuthenticatedData: 'YWFk',
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
});

it('a request of Decrypt has ciphertext, IV, tag, AAD and metadata in Base64', () => {
  const request = decryptRequest(call(), 'foo', sealed, Buffer.from('aad'));
  expect(request).toMatchObject({ xksOperation: 'Decrypt', path: '/prefix/kms/xks/v1/keys/foo/decrypt' });
  expect(bodyOf(request)).toEqual({
    requestMetadata: ofCrypto,
    ciphertext: 'Y2lwaGVydGV4dA==',
    encryptionAlgorithm: 'AES_GCM',
    additionalAuthenticatedData: 'YWFk',
    ciphertextMetadata: 'djE=',
    initializationVector: 'AQEBAQEBAQEBAQEB',
    authenticationTag: 'AgICAgICAgICAgICAgICAg==',
  });
});

it('omits members that are empty or do not apply', () => {
  const { awsPrincipalArn, kmsKeyArn } = ofCrypto;
  const few = { ...ofAll, awsPrincipalArn, kmsKeyArn };
  expect(bodyOf(encryptRequest(call(few), 'foo', Buffer.from('a'), empty))).toEqual({
    requestMetadata: few,
    plaintext: 'YQ==',
    encryptionAlgorithm: 'AES_GCM',
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
  expect(bodyOf(decryptRequest(call(few), 'foo', { ...sealed, ciphertextMetadata: empty }, empty))).toEqual({
    requestMetadata: few,
    ciphertext: 'Y2lwaGVydGV4dA==',
    encryptionAlgorithm: 'AES_GCM',
    initializationVector: 'AQEBAQEBAQEBAQEB',
    authenticationTag: 'AgICAgICAgICAgICAgICAg==',
  });
});
