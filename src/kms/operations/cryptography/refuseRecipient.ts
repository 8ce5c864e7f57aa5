import { KmsError } from '../../kmsError.ts';

/** Throws UnsupportedOperationException: nobody attests to what runs on a developer's machine. */
export function refuseRecipient(recipient: object | undefined): void {
  if (!recipient) return;
  throw new KmsError(
    'UnsupportedOperationException',
    'This local KMS does not take attestation documents (Recipient).',
  );
}
