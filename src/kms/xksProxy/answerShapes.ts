import { z } from 'zod';
import { XKS_ERROR_STATUS, type XksErrorName } from '../../xks/errors.ts';
import type { HealthState } from './xksProxyClient.ts';

// Schemas of the bodies of answers. Other members that a proxy sends are ignored.

/** Spec, "GetHealthStatus". */
export const healthAnswer = z.object({
  xksProxyFleetSize: z.int().min(1),
  xksProxyVendor: z.string(),
  xksProxyModel: z.string(),
  ekmVendor: z.string(),
  ekmFleetDetails: z
    .array(
      z.object({
        id: z.string(),
        model: z.string(),
        healthStatus: z.enum(['ACTIVE', 'DEGRADED', 'UNAVAILABLE'] satisfies HealthState[]),
      }),
    )
    .min(1)
    .max(10),
});

/** Spec, "GetKeyMetadata". */
export const metadataAnswer = z.object({
  keySpec: z.string(),
  keyUsage: z.array(z.string()).max(10),
  keyStatus: z.enum(['ENABLED', 'DISABLED']),
});

/** Spec, "Encrypt". */
export const encryptAnswer = z.object({
  ciphertext: base64(),
  initializationVector: base64('12 or 16 bytes', (length) => length === 12 || length === 16),
  authenticationTag: base64('16 bytes', (length) => length === 16),
  ciphertextMetadata: base64('at most 20 bytes', (length) => length <= 20).default(Buffer.alloc(0)),
  ciphertextDataIntegrityValue: base64('32 bytes', (length) => length === 32),
});

/** Spec, "Decrypt". */
export const decryptAnswer = z.object({ plaintext: base64() });

export const errorAnswer = z.object({
  errorName: z.enum(Object.keys(XKS_ERROR_STATUS) as XksErrorName[], { error: 'not an error of the specification' }),
  errorMessage: z.string().optional(),
});

function base64(expected = 'any length', isLength: (length: number) => boolean = () => true) {
  return z.string().transform((text, context) => {
    const bytes = Buffer.from(text, 'base64');
    // Encoded again for the comparison, because Node also decodes text that is not valid Base64.
    if (bytes.toString('base64') === text && isLength(bytes.length)) return bytes;
    context.addIssue({ code: 'custom', message: `not the Base64 of ${expected}` });
    return z.NEVER;
  });
}
