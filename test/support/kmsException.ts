import { expect } from 'vitest';

/** For toMatchObject: an error of the SDK whose message begins so. */
export function kmsException(name: string, message: string): object {
  return { name, message: expect.toSatisfy((text: string) => text.startsWith(message)) as string };
}

/** What the AWS CLI says of an error of KMS. */
export function exceptionOfCli(stderr: string): { name: string; operation: string; message: string } {
  const [, name = '', operation = '', message = ''] = CLI_ERROR.exec(stderr.trim()) ?? [];
  return { name, operation, message };
}

// Version 2 has the number of retries in it when there may be none.
const CLI_ERROR =
  /^An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: 0\))?: (.+)$/;
