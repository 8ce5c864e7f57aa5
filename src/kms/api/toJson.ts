/** Converts an output to AWS JSON 1.1: blobs in Base64, times in seconds since the epoch, undefined members left out. */
export function toJson(output: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(toWire(output));
}

function toWire(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toWire(member)]));
}
