import { z } from 'zod';
import * as member from '../members.ts';

/**
 * Members of CreateCustomKeyStore and UpdateCustomKeyStore about a cluster. They are not validated until the type of the key store is
 * known. Otherwise an error about a value would hide that the member itself belongs to the other type.
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
