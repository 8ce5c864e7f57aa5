import type { ShownMembersOfOperations } from '../events/showMembers.ts';
import type { KmsErrorName } from '../kmsError.ts';
import type { Operation } from '../operations/operation.ts';

/** An AWS service that the local KMS emulates. All services share one port. */
export interface Service {
  readonly name: string;
  /** The service in the credential scope of a request. */
  readonly signingName: string;
  /** The part of X-Amz-Target before the dot and the operation. */
  readonly targetPrefix: string;
  /** All operations of the service, including those that the local KMS does not support. */
  readonly operationNames: ReadonlySet<string>;
  /** The operations that the local KMS supports, by name. */
  readonly operations: Readonly<Record<string, Operation>>;
  /** The members that the events of its operations show. */
  readonly shownMembers: ShownMembersOfOperations;
  /** The exception for a failure of the service itself. */
  readonly internalFailure: KmsErrorName;
}
