import { expect } from 'vitest';

/** For toMatchObject: an error of the SDK whose message begins with this text. */
export function kmsException(name: string, message: string): object {
  return { name, message: expect.toSatisfy((text: string) => text.startsWith(message)) as string };
}

/** The text that the AWS CLI prints for an error of KMS. */
export function exceptionOfCli(stderr: string): { name: string; operation: string; message: string } {
  const [, name = '', operation = '', message = ''] = CLI_ERROR.exec(stderr.trim()) ?? [];
  return { name, operation, message };
}

// Version 2 includes the number of retries if there may be some.
const CLI_ERROR =
  /^An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: 0\))?: (.+)$/;
