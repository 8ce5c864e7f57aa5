import { KmsError } from '../kmsError.ts';

/** The input of an operation that supports dry runs. */
export interface DryRunnable {
  readonly DryRun?: boolean | undefined;
}

/** Throws DryRunOperationException if the request is a dry run. Must be called after all other checks. */
export function endDryRun({ DryRun }: DryRunnable): void {
  if (!DryRun) return;
  const message = 'The request would have succeeded, but the DryRun option is set.';
  throw new KmsError('DryRunOperationException', message);
}
