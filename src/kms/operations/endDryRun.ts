import { KmsError } from '../kmsError.ts';

/** The input of an operation that can be tried without effect. */
export interface DryRunnable {
  readonly DryRun?: boolean | undefined;
}

/** Throws DryRunOperationException if the request ends here, where it has passed all checks. */
export function endDryRun({ DryRun }: DryRunnable): void {
  if (!DryRun) return;
  const message = 'The request would have succeeded, but the DryRun option is set.';
  throw new KmsError('DryRunOperationException', message);
}
