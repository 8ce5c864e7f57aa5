import { XKS_ERROR_STATUS, type XksErrorName } from '../xks/errors.ts';
import type { JsonObject } from '../xksClient/keyStoreClient.ts';
import type { Answer } from '../xksClient/sendRequest.ts';

/** Returns the errorName of an answer, or undefined if it has none of the specification. */
export function errorNameOf({ json }: Pick<Answer, 'json'>): XksErrorName | undefined {
  const name = isObject(json) ? json['errorName'] : undefined;
  return typeof name === 'string' && Object.hasOwn(XKS_ERROR_STATUS, name) ? (name as XksErrorName) : undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
