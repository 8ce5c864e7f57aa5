import { XksError } from '../errors.ts';
import { isJsonObject, missing, optionalString, requiredString, type JsonObject } from './fields.ts';

/**
 * Facts that KMS gives about the call behind a request. Fields that are not in the specification are kept as text; if a value
 * is not a string, the text is its JSON. Spec, "API operations" and Appendix B.
 */
export interface RequestMetadata extends Readonly<Record<string, string | undefined>> {
  /** Opaque text. CloudTrail shows it as requestId. */
  readonly kmsRequestId: string;
  /** Any text, because AWS may add KMS operations. */
  readonly kmsOperation: string;
  /** An ARN, a service principal such as `ec2.amazonaws.com`, or `AWS Internal`. */
  readonly awsPrincipalArn?: string;
  readonly kmsKeyArn?: string;
  readonly kmsViaService?: string;
  readonly awsSourceVpc?: string;
  readonly awsSourceVpce?: string;
}

/** The fields of the specification. */
export type MetadataField =
  | 'kmsRequestId'
  | 'kmsOperation'
  | 'awsPrincipalArn'
  | 'kmsKeyArn'
  | 'kmsViaService'
  | 'awsSourceVpc'
  | 'awsSourceVpce';

const REQUIRED: readonly MetadataField[] = ['kmsRequestId', 'kmsOperation'];
/** The names of the fields of the specification. */
export const METADATA_FIELDS: ReadonlySet<string> = new Set<MetadataField>([
  ...REQUIRED,
  'awsPrincipalArn',
  'kmsKeyArn',
  'kmsViaService',
  'awsSourceVpc',
  'awsSourceVpce',
]);

/** Reads `requestMetadata` of a request body. `required` has the fields that the API requires in addition to kmsRequestId and kmsOperation. */
export function parseRequestMetadata(body: JsonObject, required: readonly MetadataField[]): RequestMetadata {
  const given = Object.hasOwn(body, 'requestMetadata') ? body['requestMetadata'] : missing('requestMetadata');
  if (!isJsonObject(given)) throw new XksError('ValidationException', 'requestMetadata must be an object.');

  for (const field of REQUIRED) requiredString(given, field, `requestMetadata.${field}`);
  for (const field of required) requiredString(given, field, `requestMetadata.${field}`);
  return Object.values(given).every(isText) ? (given as RequestMetadata) : withTexts(given);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function withTexts(given: JsonObject): RequestMetadata {
  // Without a prototype, a field named __proto__ is an ordinary field.
  const metadata = Object.create(null) as Record<string, string> & { kmsRequestId: string; kmsOperation: string };
  for (const field of Object.keys(given)) {
    metadata[field] = METADATA_FIELDS.has(field)
      ? (optionalString(given, field, `requestMetadata.${field}`) ?? '')
      : asText(given[field]);
  }
  return metadata;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // A value from JSON.parse can fail here only if it is nested deeper than the stack allows.
    throw new XksError('ValidationException', 'requestMetadata is nested too deeply.', { cause });
  }
}
