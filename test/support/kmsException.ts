import { expect } from 'vitest';

/** For toMatchObject: an error of the SDK whose message begins so. */
export function kmsException(name: string, message: string): object {
  return { name, message: expect.toSatisfy((text: string) => text.startsWith(message)) as string };
}
