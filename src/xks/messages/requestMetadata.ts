import { XksError } from '../errors.ts';
import { isJsonObject, missing, optionalString, requiredString, type JsonObject } from './fields.ts';

/**
 * What KMS says of the call behind a request: the fields of the specification, and any that AWS adds later as text
 * (a value that is not a string as its JSON). Spec, "API operations" and Appendix B.
 */
export interface RequestMetadata extends Readonly<Record<string, string | undefined>> {
  /** Opaque; the requestId that CloudTrail shows. */
  readonly kmsRequestId: string;
  /** Any text: a KMS operation of today or of the future. */
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
const KNOWN: ReadonlySet<string> = new Set<MetadataField>([
  ...REQUIRED,
  'awsPrincipalArn',
  'kmsKeyArn',
  'kmsViaService',
  'awsSourceVpc',
  'awsSourceVpce',
]);

/** Reads `requestMetadata` of a request body; `required` names what this API requires beyond kmsRequestId and kmsOperation. */
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
  // Without a prototype, a field named __proto__ is a field like any other.
  const metadata = Object.create(null) as Record<string, string> & { kmsRequestId: string; kmsOperation: string };
  for (const field of Object.keys(given)) {
    metadata[field] = KNOWN.has(field)
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
    // The one way to fail for what JSON.parse made: it is nested deeper than the stack allows.
    throw new XksError('ValidationException', 'requestMetadata is nested too deeply.', { cause });
  }
}
