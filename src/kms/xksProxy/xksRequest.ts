import type { ExternalCiphertext, RequestMetadata, XksCall, XksOperation } from './xksProxyClient.ts';

/** A request to a proxy, before it is signed. */
export interface XksRequest {
  readonly call: XksCall;
  readonly xksOperation: XksOperation;
  readonly path: string;
  /** JSON */
  readonly body: Buffer;
}

/** Spec, "GetHealthStatus". */
export function healthRequest(call: XksCall): XksRequest {
  return xksRequest(call, 'GetHealthStatus', 'health', {});
}

/** Spec, "GetKeyMetadata". */
export function metadataRequest(call: XksCall, xksKeyId: string): XksRequest {
  return xksRequest(call, 'GetKeyMetadata', `keys/${xksKeyId}/metadata`, {});
}

/** Spec, "Encrypt". */
export function encryptRequest(call: XksCall, xksKeyId: string, plaintext: Buffer, aad: Buffer): XksRequest {
  return xksRequest(call, 'Encrypt', `keys/${xksKeyId}/encrypt`, {
    plaintext: plaintext.toString('base64'),
    encryptionAlgorithm: 'AES_GCM',
    ...unlessEmpty('additionalAuthenticatedData', aad),
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
}

/** Spec, "Decrypt". */
export function decryptRequest(call: XksCall, xksKeyId: string, sealed: ExternalCiphertext, aad: Buffer): XksRequest {
  return xksRequest(call, 'Decrypt', `keys/${xksKeyId}/decrypt`, {
    ciphertext: sealed.ciphertext.toString('base64'),
    encryptionAlgorithm: 'AES_GCM',
    ...unlessEmpty('additionalAuthenticatedData', aad),
    ...unlessEmpty('ciphertextMetadata', sealed.ciphertextMetadata),
    initializationVector: sealed.initializationVector.toString('base64'),
    authenticationTag: sealed.authenticationTag.toString('base64'),
  });
}

const OF_ALL = ['kmsRequestId', 'kmsOperation'] as const;
const OF_KEYS = [...OF_ALL, 'awsPrincipalArn', 'awsSourceVpc', 'awsSourceVpce'] as const;
const OF_CRYPTO = [...OF_KEYS, 'kmsKeyArn', 'kmsViaService'] as const;

/** Fields of requestMetadata, by operation. GetKeyMetadata has none about the KMS key, because the key does not exist yet. */
const METADATA_FIELDS: Readonly<Record<XksOperation, readonly (keyof RequestMetadata)[]>> = {
  GetHealthStatus: OF_ALL,
  GetKeyMetadata: OF_KEYS,
  Encrypt: OF_CRYPTO,
  Decrypt: OF_CRYPTO,
};

function xksRequest(call: XksCall, xksOperation: XksOperation, uri: string, members: object): XksRequest {
  const fields = METADATA_FIELDS[xksOperation].map((field) => [field, call.requestMetadata[field]]);
  // JSON.stringify leaves out undefined fields.
  const body = JSON.stringify({ requestMetadata: Object.fromEntries(fields) as RequestMetadata, ...members });
  return { call, xksOperation, path: `${call.proxy.uriPath}/${uri}`, body: Buffer.from(body) };
}

function unlessEmpty(member: string, bytes: Buffer): Readonly<Record<string, string>> {
  return bytes.length > 0 ? { [member]: bytes.toString('base64') } : {};
}
