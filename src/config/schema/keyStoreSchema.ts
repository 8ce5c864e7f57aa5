import { z } from 'zod';
import { ACCESS_KEY_ID_PATTERN, SECRET_ACCESS_KEY_PATTERN } from '../../sigv4/credential.ts';
import { keyVersionMetadata } from '../../xks/ciphertextMetadata.ts';
import { MAX_URI_CHARACTERS, MAX_URI_PATH_CHARACTERS } from '../../xks/limits.ts';
import { EXTERNAL_KEY_ID_PATTERN, URI_PATH_PREFIX_PATTERN, xksProxyUriPath } from '../../xks/path.ts';
import { changeRules } from './changeRules.ts';
import type { ConfigSource } from '../files/configSource.ts';
import { attempt, ckaIdField, fileField, labelField, nameField, secretField, textField, uriError } from './fields.ts';
import { BySelector, type KeySelector } from './keySelector.ts';
import { keyUriProblem } from './pkcs11Uri.ts';

/** A key in the token, and the metadata that identifies it; empty for a key without versions. */
interface KeyVersion extends KeySelector {
  readonly decryptOnly: boolean;
  readonly ciphertextMetadata: Buffer;
}

export function keyStoreSchema(source: ConfigSource) {
  const credential = z.strictObject({
    accessKeyId: z.string().regex(ACCESS_KEY_ID_PATTERN, 'must be 20 to 30 characters of A-Z2-7'),
    secretAccessKey: secretField(source).refine((value) => SECRET_ACCESS_KEY_PATTERN.test(value.reveal()), {
      error: 'must hold 43 to 64 characters of A-Za-z0-9/+=, and no blanks',
    }),
  });

  const tags = z
    .record(z.string().min(1).max(128), z.string().max(256))
    .default({})
    .describe('Strings by name, which policies can read');

  const selector = {
    label: labelField.optional().describe('CKA_LABEL of the key'),
    ckaId: ckaIdField.optional().describe('CKA_ID of the key, hexadecimal'),
  };
  const version = z
    .strictObject(
      {
        ...selector,
        decryptOnly: z.boolean().default(false).describe('Set to true until every proxy knows this version'),
      },
      uriError(keyUriProblem),
    )
    .refine(({ label, ckaId }) => label !== undefined || ckaId !== undefined, 'must have label, ckaId or both');

  const key = z
    .strictObject(
      {
        id: textField(externalKeyUriProblem)
          .regex(EXTERNAL_KEY_ID_PATTERN, 'must be 1 to 128 characters of A-Za-z0-9-_. and no dot segment')
          .describe('The externalKeyId'),
        label: selector.label.describe('CKA_LABEL of the key; the id if label, ckaId and versions are left out'),
        ckaId: selector.ckaId.describe('CKA_ID of the key, hexadecimal; with label, the key has both'),
        versions: z
          .array(version)
          .min(1, 'must have at least one version')
          .superRefine(requireDistinct)
          .refine((versions) => versions.some(({ decryptOnly }) => !decryptOnly), 'must have a version that encrypts')
          .optional()
          .describe(
            'Instead of label and ckaId, oldest first: the last one encrypts, unless it is decryptOnly; all decrypt',
          )
          .register(changeRules, { namedBy: ['label', 'ckaId'], isOrdered: true }),
        status: z.enum(['enabled', 'blocked']).default('enabled').describe('blocked: every request for it is refused'),
        tags,
      },
      uriError(externalKeyUriProblem),
    )
    .refine(
      ({ label, ckaId, versions }) => versions === undefined || (label === undefined && ckaId === undefined),
      'must not have versions beside label or ckaId',
    )
    .transform(({ id, ckaId, label = ckaId === undefined ? id : undefined, versions = [], status, tags }) => {
      const named = versions.map((given) => ({ ...given, ciphertextMetadata: keyVersionMetadata(given) }));
      const only = { label, ckaId, decryptOnly: false, ciphertextMetadata: Buffer.alloc(0) };
      const [oldest = only, ...newer] = named;
      return { id, versions: [oldest, ...newer] as [KeyVersion, ...KeyVersion[]], status, tags };
    });

  const quota = z
    .strictObject({
      requestsPerSecond: z
        .number()
        .positive()
        .max(1_000_000)
        .describe('Average requests per second; KMS sends at most 1800 by default'),
      burst: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .describe('Requests that may arrive at once; by default as many as in a second'),
    })
    .transform(({ requestsPerSecond, burst = Math.max(1, Math.ceil(requestsPerSecond)) }) => ({
      requestsPerSecond,
      burst,
    }));

  return z
    .strictObject({
      name: nameField,
      status: z.enum(['enabled', 'blocked']).default('enabled').describe('blocked: every request to it is refused'),
      uriPathPrefix: z
        .string()
        .regex(URI_PATH_PREFIX_PATTERN, 'must be empty, or segments of A-Za-z0-9_- that each begin with a slash')
        .refine((prefix) => xksProxyUriPath(prefix).length <= MAX_URI_PATH_CHARACTERS, {
          error: `must leave <prefix>/kms/xks/v1 at most ${MAX_URI_PATH_CHARACTERS} characters`,
        }),
      keyManagers: z
        .array(nameField)
        .min(1, 'must name at least one key manager')
        .max(10, 'must name at most ten key managers')
        .describe('Key managers in order of preference; if one fails, the next one serves'),
      credentials: z
        .array(credential)
        .default([])
        .describe('Several may be valid at the same time, for a rotation')
        .register(changeRules, { namedBy: ['accessKeyId'] }),
      keys: z
        .array(key)
        .default([])
        .register(changeRules, { namedBy: ['id'] }),
      tags: tags.describe('Tags of all its keys; a key may override the value of a tag'),
      policyFile: fileField
        .transform((file, context) => attempt(context, () => source.loadPolicies(file).policySet))
        .optional()
        .describe(
          'Cedar policies: a request that none of them permits is refused; if left out, requests are not restricted',
        )
        // The policies of the set are named by their ids.
        .register(changeRules, { namedBy: ['id'] }),
      quota: quota
        .optional()
        .describe('Limit on requests; the others get ThrottlingException. If left out, there is no limit'),
      decryptAlso: z
        .enum(['aws-sample-proxy'])
        .optional()
        .describe("Also decrypts ciphertexts of AWS's sample proxy, for a migration"),
    })
    .superRefine(({ uriPathPrefix, keys }, context) => {
      for (const [index, { id }] of keys.entries()) {
        const path = `${xksProxyUriPath(uriPathPrefix)}/keys/${id}/metadata`;
        if (path.length <= MAX_URI_CHARACTERS) continue;
        const message = `is too long for this uriPathPrefix: its URIs would have more than ${MAX_URI_CHARACTERS} characters`;
        context.addIssue({ code: 'custom', path: ['keys', index, 'id'], message });
      }
    });
}

/** Reports versions of one key that may be the same key in the token, or that would have the same ciphertextMetadata. */
function requireDistinct(versions: readonly KeySelector[], context: z.RefinementCtx): void {
  const earlier = new BySelector<true>();
  const labels = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const { label } = version;
    const message = earlier.find(version)
      ? 'must not be the same key as another version'
      : label !== undefined && labels.has(label)
        ? 'must not have the label of another version, because ciphertexts name versions by their labels; select this one only by its ckaId'
        : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', path: [index], message });
    earlier.add(version, true);
    if (label !== undefined) labels.add(label);
  }
}

function externalKeyUriProblem(uri: string): string {
  return `${keyUriProblem(uri)}, beside an id of your choice`;
}
