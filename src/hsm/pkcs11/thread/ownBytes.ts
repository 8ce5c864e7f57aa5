/**
 * Copies a plain value so that its bytes have memory of their own, because cloning a view clones all of the memory behind it. It
 * is a loop, because it runs for each request.
 */
export function ownBytes<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    return value.byteLength === value.buffer.byteLength ? value : (new Uint8Array(value) as T & Uint8Array);
  }
  if (Array.isArray(value)) return value.map(ownBytes) as T & unknown[];
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = ownBytes(value[name]);
  return copy as T;
}
