import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';

/** Returns the name that Cedar gives to the policy with this index in a text. */
export function nameAt(index: number): string {
  return `policy${index}`;
}

/** Returns the index that such a name has. */
export function indexOf(name: string): number {
  return Number(name.replace('policy', ''));
}

/** Makes an Error of everything that Cedar says is wrong. */
export function failure(errors: readonly DetailedError[]): Error {
  return new Error(errors.map(describe).join('; '));
}

/** Formats an error of Cedar, with its label and help, on one line. */
export function describe({ message, help, sourceLocations = [] }: DetailedError): string {
  return [message, sourceLocations[0]?.label, help].filter((part) => typeof part === 'string').join('; ');
}
