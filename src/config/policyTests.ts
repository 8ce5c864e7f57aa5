import { z } from 'zod';
import { nearestName } from './problems/nearestName.ts';
import { ConfigError, locate } from './problems/problem.ts';
import { toRemarks } from './problems/toRemark.ts';
import { placeOf, readYaml } from './yaml/writtenYaml.ts';
import { METADATA_FIELDS } from '../xks/messages/requestMetadata.ts';

/** A request as given to the policy commands: these fields and those of requestMetadata. */
export type GivenRequest = z.output<typeof givenRequest>;

/** A request, and the decision that is expected from the policies. */
export type PolicyTest = z.output<typeof table>['tests'][number];

const fields = z
  .object({
    operation: z.enum(['GetKeyMetadata', 'Encrypt', 'Decrypt']),
    externalKeyId: z.string().min(1),
    tags: z.record(z.string(), z.string()).optional(),
    vpcEndpointId: z.string().optional(),
    clientCommonName: z.string().optional(),
    awsPrincipalArn: z.string(),
    kmsKeyArn: z.string().optional(),
  })
  .catchall(z.string('must be text'));

const givenRequest = fields
  .refine(({ operation, kmsKeyArn }) => operation === 'GetKeyMetadata' || kmsKeyArn !== undefined, {
    path: ['kmsKeyArn'],
    error: 'is missing: KMS sends it with Encrypt and Decrypt',
  })
  .transform(({ operation, externalKeyId, tags, vpcEndpointId, clientCommonName, ...requestMetadata }) => ({
    operation,
    externalKeyId,
    tags,
    vpcEndpointId,
    clientCommonName,
    requestMetadata: {
      kmsRequestId: '',
      kmsOperation: operation === 'GetKeyMetadata' ? 'CreateKey' : operation,
      ...requestMetadata,
    } as Readonly<Record<string, string>> & { kmsRequestId: string; kmsOperation: string },
  }));

const expectation = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  policies: z.array(z.string()).optional().describe('The @id of those that decide; if left out, any'),
});

const table = z.strictObject({
  defaults: z.record(z.string(), z.unknown()).default({}).describe('Of all requests'),
  tests: z
    .array(z.strictObject({ name: z.string().min(1), request: givenRequest, expect: expectation }))
    .min(1, 'must have at least one test'),
});

/** Parses a table of tests. Throws ConfigError with every problem. */
export function loadPolicyTests(file: string): readonly PolicyTest[] {
  const yaml = readYaml(file);
  const written = withDefaults(yaml.value);
  const result = table.safeParse(written);
  if (result.success) return result.data.tests;
  throw new ConfigError(
    file,
    locate(toRemarks(result.error, table, written), (path) => placeOf(yaml, path)),
  );
}

/** Parses a request from the command line. Throws ConfigError with every problem. */
export function parseGivenRequest(given: Readonly<Record<string, string>>): GivenRequest {
  const result = givenRequest.safeParse(given);
  if (result.success) return result.data;
  const remarks = toRemarks(result.error, givenRequest, given);
  throw new ConfigError(
    'the request',
    locate(remarks, () => undefined),
  );
}

const KNOWN_FIELDS = [...Object.keys(fields.shape), ...METADATA_FIELDS];

/** Returns a warning about each field that is probably misspelt. It is none of those that policies know, but like one. */
export function misspeltFields({ requestMetadata }: GivenRequest): string[] {
  const unknown = Object.keys(requestMetadata).filter((field) => !KNOWN_FIELDS.includes(field));
  return unknown.flatMap((field) => {
    const near = nearestName(field, KNOWN_FIELDS);
    if (near === undefined) return [];
    return [`policies see the field ${field} only in context.otherMetadata; did you mean ${near}?`];
  });
}

function withDefaults(written: unknown): unknown {
  if (!isMap(written) || !isMap(written['defaults']) || !Array.isArray(written['tests'])) return written;
  const { defaults } = written;
  const tests = written['tests'].map((test: unknown) =>
    isMap(test) && isMap(test['request']) ? { ...test, request: { ...defaults, ...test['request'] } } : test,
  );
  return { ...written, tests };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
