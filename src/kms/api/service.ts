import type { ShownMembersOfOperations } from '../events/showMembers.ts';
import type { KmsErrorName } from '../kmsError.ts';
import type { Operation } from '../operations/operation.ts';

/** A service of AWS that the local KMS answers for, all at one port. */
export interface Service {
  readonly name: string;
  /** The service in the credential scope of a request. */
  readonly signingName: string;
  /** What X-Amz-Target has before the operation, without the full stop. */
  readonly targetPrefix: string;
  /** All operations of the service, whether the local KMS has them or not. */
  readonly operationNames: ReadonlySet<string>;
  /** Those that the local KMS has, by name. */
  readonly operations: Readonly<Record<string, Operation>>;
  /** What the events of its operations show. */
  readonly shownMembers: ShownMembersOfOperations;
  /** The exception of a failure of the service itself. */
  readonly internalFailure: KmsErrorName;
}
