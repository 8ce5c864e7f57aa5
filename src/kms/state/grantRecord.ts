import type { Columns } from './recordTable.ts';

type Pairs = Readonly<Record<string, string>>;

/** A grant on a KMS key. Times are milliseconds since the epoch. */
export interface Grant {
  /** 64 hexadecimal digits. */
  readonly grantId: string;
  readonly keyId: string;
  readonly creationDate: number;
  readonly name: string | undefined;
  /** ARN as CreateGrant received it, like `retiringPrincipal`. */
  readonly granteePrincipal: string;
  readonly retiringPrincipal: string | undefined;
  /** The grantee in the form of `canonicalPrincipal`, by which the grants of a caller are found. */
  readonly granteeName: string;
  readonly operations: readonly string[];
  readonly constraints: {
    readonly EncryptionContextEquals?: Pairs | undefined;
    readonly EncryptionContextSubset?: Pairs | undefined;
  };
  /** ARN of the account that called CreateGrant. */
  readonly issuingAccount: string;
}

export const GRANT_COLUMNS: Columns<Grant> = {
  grantId: 'text',
  keyId: 'text',
  creationDate: 'integer',
  name: 'text',
  granteePrincipal: 'text',
  retiringPrincipal: 'text',
  granteeName: 'text',
  operations: 'json',
  constraints: 'json',
  issuingAccount: 'text',
};
