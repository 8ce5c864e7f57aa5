import { KmsError } from '../../kmsError.ts';
import * as member from '../members.ts';

/** The members of AWS CloudHSM key stores, which a local KMS does not have. */
export const cloudHsmMembers = {
  CloudHsmClusterId: member.cloudHsmClusterId.optional(),
  TrustAnchorCertificate: member.trustAnchorCertificate.optional(),
  KeyStorePassword: member.keyStorePassword.optional(),
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
