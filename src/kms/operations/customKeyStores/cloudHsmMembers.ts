import { z } from 'zod';
import { KmsError } from '../../kmsError.ts';

/**
 * The members of AWS CloudHSM key stores, which a local KMS does not have. Their values are not checked: a value that breaks a
 * pattern, as those in AWS's guide do, would hide that the member itself is unsupported.
 */
export const cloudHsmMembers = {
  CloudHsmClusterId: z.unknown().optional(),
  TrustAnchorCertificate: z.unknown().optional(),
  KeyStorePassword: z.unknown().optional(),
};

/** Throws UnsupportedOperationException if one is there. */
export function refuseCloudHsmMembers(input: { readonly [member in keyof typeof cloudHsmMembers]?: unknown }): void {
  const given = Object.keys(cloudHsmMembers).filter((name) => name in input);
  if (given.length === 0) return;
  throw new KmsError(
    'UnsupportedOperationException',
    `${given.join(', ')}: this is for AWS CloudHSM key stores; this local KMS has only external key stores.`,
  );
}
