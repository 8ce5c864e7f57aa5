import { z } from 'zod';
import * as member from '../members.ts';

/**
 * What CreateCustomKeyStore and UpdateCustomKeyStore say of a cluster, before the type of the key store is known: a value that breaks
 * a rule would hide that the member itself is for another type.
 */
export const anyCloudHsmMembers = {
  CloudHsmClusterId: z.unknown().optional(),
  TrustAnchorCertificate: z.unknown().optional(),
  KeyStorePassword: z.unknown().optional(),
};

export const cloudHsmMembers = {
  CloudHsmClusterId: member.cloudHsmClusterId.optional(),
  TrustAnchorCertificate: member.trustAnchorCertificate.optional(),
  KeyStorePassword: member.keyStorePassword.optional(),
};

export const CLOUD_HSM_MEMBERS = Object.keys(cloudHsmMembers);
