import type { Service } from '../api/service.ts';
import type { KmsError } from '../kmsError.ts';
import type { Output } from '../operations/operation.ts';
import type { AuthenticatedCaller } from './userIdentity.ts';

/** The facts known so far about a call of the API. Its event and its log record are made from them. */
export interface Call {
  readonly requestId: string;
  readonly sourceIpAddress: string;
  readonly userAgent: string;
  readonly additionalEventData: Record<string, string>;
  /** ARNs of keys and aliases. */
  readonly resources: string[];
  /** The service of the operation. */
  service?: Service;
  /** Name of the operation, if the request names one. */
  eventName?: string;
  caller?: AuthenticatedCaller;
  /** The validated input, with defaults applied. */
  input?: unknown;
  output?: Output;
  /** The error that is the answer, if the call failed. */
  failure?: KmsError;
}
