import { NoLogFound } from '../../audit/format/findLogs.ts';
import { CommandFailure } from '../cli.ts';

/** Runs a command. Converts an error of the file system to a CommandFailure: a message without a stack. */
export async function withPlainFailures(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof NoLogFound || isSystemError(error)) throw new CommandFailure(error.message);
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
