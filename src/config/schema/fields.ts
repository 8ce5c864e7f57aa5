import { z } from 'zod';
import { PolicySetError } from '../../policy/policySet.ts';
import { isHost } from '../../hosts.ts';
import { isPkcs11Uri, keyUriProblem } from './pkcs11Uri.ts';
import { changeRules } from './changeRules.ts';
import type { KeyPath } from '../problems/problem.ts';
import type { ConfigSource, SecretReference } from '../files/configSource.ts';
import type { SecretForm } from '../files/secretText.ts';

/** Names of key stores and key managers. */
export const NAME_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

export const nameField = z.string().regex(NAME_PATTERN, 'must be 1 to 64 characters of A-Za-z0-9._-');

export const fileField = z.string('must be the name of a file').min(1, 'must be the name of a file');

/** Host on which a listener listens. */
export const hostField = z
  .string()
  .refine(isHost, 'must be an IP address or a host name, without port, brackets or scheme, such as 0.0.0.0');

type UriProblem = (uri: string) => string;

/** A text that is not a PKCS#11 URI. The problem of a URI says what to write instead. */
export function textField(uriProblem: UriProblem, params: z.core.$ZodStringParams = {}) {
  return z.string(params).refine((text): boolean => !isPkcs11Uri(text), {
    abort: true,
    error: ({ input }) => uriProblem(String(input)),
  });
}

/** Parameters for the schema of a map in whose place an operator may write a PKCS#11 URI. */
export function uriError(uriProblem: UriProblem) {
  return { error: ({ input }: { readonly input?: unknown }) => (isPkcs11Uri(input) ? uriProblem(input) : undefined) };
}

/** A CKA_LABEL. */
export const labelField = textField(keyUriProblem).min(1).max(255);

/** A CKA_ID in hexadecimal; its value is lower-case. */
export const ckaIdField = textField(keyUriProblem, {
  error: ({ input }) =>
    typeof input === 'number'
      ? 'must be in quotes: YAML reads digits without them as a number'
      : 'must be hexadecimal digits',
})
  .regex(
    /^([0-9A-Fa-f]{2}){1,128}$/,
    'must be an even number of hexadecimal digits, 2 to 256, such as 0a0b0c, without 0x or separators',
  )
  .toLowerCase();

/** A reference to a secret; its value is the secret. */
export function secretField(source: ConfigSource, form: SecretForm = 'line') {
  return z
    .strictObject(
      {
        file: fileField.optional().describe('File with the secret. It must not be readable by everyone'),
        env: z.string().min(1).optional().describe('Environment variable with the secret'),
      },
      'must be a reference, {file: ...} or {env: ...}: a secret is never written into the configuration',
    )
    .refine(hasOneKey, 'must have exactly one of file, env')
    .transform((reference, context) => attempt(context, () => source.readSecret(reference as SecretReference, form)))
    .register(changeRules, { isHidden: true });
}

export function hasOneKey(given: object): boolean {
  return Object.keys(given).length === 1;
}

/**
 * Returns the result of `read`. A failure becomes one or more issues of the key being parsed, or of the key at `path` below it.
 */
export function attempt<T>(context: z.RefinementCtx, read: () => T, path: KeyPath = []): T {
  try {
    return read();
  } catch (error) {
    const messages = error instanceof PolicySetError ? error.problems : [(error as Error).message];
    for (const message of messages) context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  }
}
