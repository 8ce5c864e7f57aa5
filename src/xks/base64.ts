/**
 * Decodes standard Base64 with padding (RFC 4648 section 4). Returns undefined for URL-safe letters, missing padding, white
 * space and non-zero padding bits, all of which Node's own decoder accepts.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
