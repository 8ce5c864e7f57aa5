/**
 * The same plain value, but with bytes in memory of their own, because a view is cloned with all of the memory that it is a view of.
 * A loop, because this is on the way of each request.
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
