/**
 * The AAD given to the key manager: `uint16be(len(aad)) || aad || uint8(len(metadata)) || metadata`, a length of zero for
 * an absent field. The lengths stop a caller from replaying ciphertextMetadata as AAD.
 * `aad` is at most 65,535 bytes and `ciphertextMetadata` at most 255: callers have checked the contract's smaller limits.
 * Spec, "Encrypt", response parameter ciphertextMetadata.
 */
export function frameAad(aad: Uint8Array, ciphertextMetadata: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(2 + aad.length + 1 + ciphertextMetadata.length);
  framed.writeUInt16BE(aad.length, 0);
  framed.set(aad, 2);
  framed.writeUInt8(ciphertextMetadata.length, 2 + aad.length);
  framed.set(ciphertextMetadata, 3 + aad.length);
  return framed;
}
