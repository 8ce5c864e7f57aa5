import { API_OF_OPERATION } from '../../xks/path.ts';
import { randomBytes } from 'node:crypto';
import { accepts, acceptsOrDenies, refuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { KEY_OPERATIONS, type JsonObject, type Operation } from '../../xksClient/keyStoreClient.ts';
import type { Probe } from '../probe.ts';
import type { Answer } from '../../xksClient/sendRequest.ts';

// Spec, the "requestMetadata" of each operation.
const REQUIRED_FIELDS: Record<Operation, readonly string[]> = {
  health: ['kmsRequestId', 'kmsOperation'],
  metadata: ['kmsRequestId', 'kmsOperation', 'awsPrincipalArn'],
  encrypt: ['kmsRequestId', 'kmsOperation', 'awsPrincipalArn', 'kmsKeyArn'],
  decrypt: ['kmsRequestId', 'kmsOperation', 'awsPrincipalArn', 'kmsKeyArn'],
};
const LONGEST_ARN = 'arn:aws:iam::123456789012:user/'.padEnd(2_048, 'a');
const LONGEST_KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/'.padEnd(2_048, 'a');

const withoutMetadata = (operation: Operation) =>
  refuses(
    `no-metadata-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} without requestMetadata`,
    ['ValidationException'],
    (probe) => probe.store.call(operation, { requestMetadata: undefined }),
  );

const withEmptyMetadata = (operation: Operation) =>
  refuses(
    `empty-metadata-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} with an empty requestMetadata`,
    ['ValidationException'],
    ({ store }) => store.call(operation, { requestMetadata: {} }),
  );

// SHOULD: "There is no expectation for the XKS Proxy to validate any information included in the requestMetadata".
const withoutField = (operation: Operation) =>
  REQUIRED_FIELDS[operation].map((field) =>
    refuses(
      `no-${field}-${operation}`,
      'SHOULD',
      `${API_OF_OPERATION[operation]} without ${field}`,
      ['ValidationException'],
      ({ store }) => store.callWithMetadata(operation, { [field]: undefined }),
    ),
  );

const withMistypedField = (operation: Operation) =>
  REQUIRED_FIELDS[operation].map((field) =>
    refuses(
      `mistyped-${field}-${operation}`,
      'SHOULD',
      `${API_OF_OPERATION[operation]} whose ${field} is a number`,
      ['ValidationException'],
      ({ store }) => store.callWithMetadata(operation, { [field]: 42 }),
    ),
  );

const withUnknownOperation = (operation: Operation) =>
  acceptsOrDenies(
    `unknown-kms-operation-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} on behalf of an unknown kmsOperation, which a later KMS may send`,
    (probe) => callValid(probe, operation, { kmsOperation: 'BulkEncryptOfTheFuture' }),
  );

const withUnknownFields = (operation: Operation) =>
  acceptsOrDenies(
    `unknown-fields-${operation}`,
    'MUST',
    `${API_OF_OPERATION[operation]} with unknown fields in requestMetadata, which a later KMS may send (Appendix B)`,
    (probe) =>
      callValid(probe, operation, {
        sourceIdentity: 'Alice',
        kmsRecipientAttestationPCR0: '00',
        principalTags: { team: 'payments' },
      }),
  );

async function callValid({ store }: Probe, operation: Operation, metadata: JsonObject): Promise<Answer> {
  const fields = operation === 'decrypt' ? sealedFields(await seal(store, randomBytes(16))) : {};
  return store.callWithMetadata(operation, metadata, fields);
}

/** Makes a case of a valid variation of encrypt's requestMetadata. */
const valid = (id: string, title: string, fields: JsonObject): ConformanceCase =>
  acceptsOrDenies(id, 'MUST', title, ({ store }) => store.callWithMetadata('encrypt', fields));

export const requestMetadata: Section = {
  name: 'request-metadata',
  title: 'requestMetadata',
  source: 'Specification, "requestMetadata" of each operation, and Appendix B',
  cases: [
    ...KEY_OPERATIONS.map(withoutMetadata),
    ...KEY_OPERATIONS.map(withEmptyMetadata),
    refuses('array-metadata', 'SHOULD', 'requestMetadata that is an array', ['ValidationException'], ({ store }) =>
      store.call('metadata', { requestMetadata: [] }),
    ),
    refuses('text-metadata', 'SHOULD', 'requestMetadata that is a string', ['ValidationException'], ({ store }) =>
      store.call('metadata', { requestMetadata: 'CreateKey' }),
    ),
    ...KEY_OPERATIONS.flatMap(withoutField),
    ...KEY_OPERATIONS.flatMap(withMistypedField),
    ...KEY_OPERATIONS.map(withUnknownOperation),
    ...KEY_OPERATIONS.map(withUnknownFields),
    valid('opaque-request-id', 'a kmsRequestId that is not a UUID', { kmsRequestId: 'not a UUID, {"a":1} / ../ %00' }),
    valid('long-request-id', 'a kmsRequestId of 200 characters', { kmsRequestId: 'r'.repeat(200) }),
    valid('principal-aws-internal', 'the principal "AWS Internal"', { awsPrincipalArn: 'AWS Internal' }),
    valid('principal-service', 'a service principal', { awsPrincipalArn: 'ec2.amazonaws.com' }),
    valid('longest-principal-arn', 'a principal ARN of 2,048 characters', { awsPrincipalArn: LONGEST_ARN }),
    valid('longest-key-arn', 'a KMS key ARN of 2,048 characters', { kmsKeyArn: LONGEST_KEY_ARN }),
    valid('optional-fields', 'the optional fields kmsViaService, awsSourceVpc and awsSourceVpce', {
      kmsViaService: 'ebs',
      awsSourceVpc: 'vpc-0123456789abcdef0',
      awsSourceVpce: 'vpce-0123456789abcdef0',
    }),
    ...['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt'].map((kmsOperation) =>
      valid(`encrypt-for-${kmsOperation}`, `Encrypt on behalf of ${kmsOperation}`, { kmsOperation }),
    ),
    accepts('metadata-with-key-arn', 'MUST', 'GetKeyMetadata on behalf of DescribeKey, with a kmsKeyArn', (probe) =>
      probe.store.callWithMetadata('metadata', { kmsOperation: 'DescribeKey', kmsKeyArn: probe.target.kmsKeyArn }),
    ),
  ],
};
