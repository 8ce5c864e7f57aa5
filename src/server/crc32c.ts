const POLYNOMIAL = 0x82f63b78;

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4; Node has only the CRC-32 of zip. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
