import { hash } from 'node:crypto';

/**
 * Builds the AAD for the key manager: `uint16be(len(aad)) || aad || uint8(len(metadata)) || metadata`, with a length of zero for
 * an absent field. The lengths prevent a caller from replaying ciphertextMetadata as AAD.
 * `aad` is at most 65,535 bytes and `ciphertextMetadata` at most 255: callers have checked the contract's smaller limits.
 * Spec, "Encrypt", response parameter ciphertextMetadata.
 */
export function frameAad(aad: Uint8Array, ciphertextMetadata: Uint8Array): Buffer {
  return frame(aad.length, aad, ciphertextMetadata);
}

/**
 * Builds the AAD that AWS's sample proxy gives the key manager. It has the SHA-256 of the AAD instead of the AAD, after the
 * AAD's own length. An empty AAD has a digest, an absent one has none. Source: aws-samples/aws-kms-xks-proxy,
 * xks-axum/src/xks_proxy/handlers/mod.rs.
 */
export function frameAadLikeSampleProxy(aad: Uint8Array | undefined, ciphertextMetadata: Uint8Array): Buffer {
  return frame(aad?.length ?? 0, aad ? hash('sha256', aad, 'buffer') : Buffer.alloc(0), ciphertextMetadata);
}

function frame(aadLength: number, aad: Uint8Array, ciphertextMetadata: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(2 + aad.length + 1 + ciphertextMetadata.length);
  framed.writeUInt16BE(aadLength, 0);
  framed.set(aad, 2);
  framed.writeUInt8(ciphertextMetadata.length, 2 + aad.length);
  framed.set(ciphertextMetadata, 3 + aad.length);
  return framed;
}
