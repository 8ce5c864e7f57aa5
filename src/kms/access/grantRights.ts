import type { Grant } from '../state/grantRecord.ts';

type Pairs = Readonly<Record<string, string>>;

/** The facts of a request that a grant depends on. */
export interface GrantedUse {
  /** A grant operation, such as `Decrypt` or `ReEncryptFrom`. */
  readonly operation: string;
  readonly encryptionContext: Pairs;
  /** For CreateGrant, the operations and the constraints of the new grant. */
  readonly child: Pick<Grant, 'operations' | 'constraints'> | undefined;
}

/** Operations without an encryption context. AWS KMS Developer Guide, "Using grant constraints". */
const UNCONSTRAINED: ReadonlySet<string> = new Set(['DescribeKey', 'RetireGrant']);

/** Whether a grant allows its grantee this use of its key. AWS KMS Developer Guide, "Grants in AWS KMS". */
export function grantAllows(
  { operations, constraints }: Grant,
  { operation, encryptionContext, child }: GrantedUse,
): boolean {
  if (!operations.includes(operation)) return false;
  if (child) {
    // The new grant may not allow more than this one: "Granting CreateGrant permission".
    return child.operations.every((each) => operations.includes(each)) && areAsStrict(child.constraints, constraints);
  }
  if (UNCONSTRAINED.has(operation)) return true;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = constraints;
  return (!equals || areEqual(encryptionContext, equals)) && (!subset || contains(encryptionContext, subset));
}

type Constraints = Grant['constraints'];

function areAsStrict(
  { EncryptionContextEquals: equals, EncryptionContextSubset: subset }: Constraints,
  parent: Constraints,
): boolean {
  const { EncryptionContextEquals: equalsOfParent, EncryptionContextSubset: subsetOfParent } = parent;
  if (equalsOfParent && !(equals && areEqual(equals, equalsOfParent))) return false;
  return !subsetOfParent || [equals, subset].some((pairs) => pairs && contains(pairs, subsetOfParent));
}

function contains(pairs: Pairs, some: Pairs): boolean {
  return Object.entries(some).every(([key, value]) => Object.hasOwn(pairs, key) && pairs[key] === value);
}

function areEqual(a: Pairs, b: Pairs): boolean {
  return contains(a, b) && contains(b, a);
}
