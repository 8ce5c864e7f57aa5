import type { Service } from '../api/service.ts';
import type { KmsError } from '../kmsError.ts';
import type { Output } from '../operations/operation.ts';
import type { AuthenticatedCaller } from './userIdentity.ts';

/** What is known of a call of the API so far. Its event and its record in the log are made of it. */
export interface Call {
  readonly requestId: string;
  readonly sourceIpAddress: string;
  readonly userAgent: string;
  readonly additionalEventData: Record<string, string>;
  /** ARNs of keys and aliases. */
  readonly resources: string[];
  /** The service of the operation. */
  service?: Service;
  /** The operation, when it is one. */
  eventName?: string;
  caller?: AuthenticatedCaller;
  /** Checked, with its defaults. */
  input?: unknown;
  output?: Output;
  /** The answer, if the call has failed. */
  failure?: KmsError;
}
