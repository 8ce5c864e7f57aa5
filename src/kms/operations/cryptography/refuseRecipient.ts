import { KmsError } from '../../kmsError.ts';

/** Throws UnsupportedOperationException if there is a recipient, because a developer's machine has no attestation. */
export function refuseRecipient(recipient: object | undefined): void {
  if (!recipient) return;
  throw new KmsError(
    'UnsupportedOperationException',
    'The local KMS does not accept attestation documents (Recipient).',
  );
}
