import { z } from 'zod';
import { isAddressBlock } from './conditionOperators.ts';
import { parseOperator, type Condition } from './conditions.ts';
import type { Elements, Policy, Statement } from './policy.ts';
import { isServicePrincipal, parsePrincipalArn } from './principals.ts';

// IAM User Guide, "Grammar of the IAM JSON policy language"; AWS KMS Developer Guide, "Creating a key policy".

/** Returns an error map for an object schema: `message` if the value is not an object, and zod's own message for other problems. */
export function ifNoObject(message: string): (issue: { readonly code: string }) => string | undefined {
  return ({ code }) => (code === 'invalid_type' ? message : undefined);
}

function listOf<Element extends z.ZodType<string>>(element: Element, error: string) {
  return z.preprocess((value) => [value].flat<unknown[]>(), z.array(element, { error }).min(1, { error }));
}

const ACTION = /^(\*|[a-z0-9-]+:[\w*?]+)$/i;
const ACTIONS = listOf(
  z.string().regex(ACTION, { error: 'must be an action such as kms:Decrypt' }),
  'must list actions',
);
const RESOURCES = listOf(z.string().min(1, { error: 'must be an ARN or *' }), 'must list resources');

const principal = {
  AWS: (text: string) => text === '*' || /^\d{12}$/.test(text) || parsePrincipalArn(text) !== undefined,
  Service: isServicePrincipal,
  Federated: (text: string) => /^[\w.:/-]+$/.test(text),
};
const INVALID_PRINCIPAL = 'must be the ARN of a principal, an account id, a service or *';

function principalList(isValid: (text: string) => boolean) {
  return listOf(z.string().refine(isValid, { error: INVALID_PRINCIPAL }), INVALID_PRINCIPAL).optional();
}

const PRINCIPALS = z.preprocess(
  (value) => (value === '*' ? { AWS: '*' } : value),
  z
    .strictObject(
      {
        AWS: principalList(principal.AWS),
        Service: principalList(principal.Service),
        Federated: principalList(principal.Federated),
      },
      { error: ifNoObject(INVALID_PRINCIPAL) },
    )
    .transform((lists) => Object.values(lists).flatMap((list: string[] | undefined) => list ?? []))
    .refine((all) => all.length > 0, { error: INVALID_PRINCIPAL }),
);

const VALUE = z.union([z.string(), z.number(), z.boolean()], { error: 'must be a string, a number or a boolean' });
const CONDITIONS = z
  .record(z.string(), z.record(z.string(), z.union([VALUE, z.array(VALUE)])), { error: 'must map operators to keys' })
  .transform((block, check): Condition[] =>
    Object.entries(block).flatMap(([name, keys]) => {
      const parsed = parseOperator(name);
      if (!parsed) check.addIssue({ code: 'custom', path: [name], message: 'is not a condition operator' });
      return Object.entries(keys).map(([key, value]) => {
        const condition = { ...(parsed ?? NO_OPERATOR), key, values: [value].flat().map(String) };
        const problem = problemOf(condition);
        if (problem !== undefined) check.addIssue({ code: 'custom', path: [name, key], message: problem });
        return condition;
      });
    }),
  );
const NO_OPERATOR = { operator: '', set: undefined, ifExists: false } as const;

function problemOf({ operator, set, key, values }: Condition): string | undefined {
  if (operator.endsWith('IpAddress') && !values.every(isAddressBlock))
    return 'must be an IP address, or a block such as 10.0.0.0/8';
  // AWS KMS Developer Guide, "kms:EncryptionContext:context-key".
  if (set === 'ForAllValues' && /^kms:EncryptionContext:/i.test(key)) {
    return (
      'OverlyPermissiveCondition:EncryptionContext: Using the ForAllValues set operator with a single-valued condition key ' +
      'matches requests without the specified encryption context or with an unspecified encryption context. To fix, ' +
      'remove ForAllValues.'
    );
  }
  return undefined;
}

const NO_STATEMENT = { error: ifNoObject('must be a statement') };
const STATEMENT = {
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny'], { error: 'must be Allow or Deny' }),
  Action: ACTIONS.optional(),
  NotAction: ACTIONS.optional(),
  Resource: RESOURCES.optional(),
  NotResource: RESOURCES.optional(),
  Condition: CONDITIONS.default([]),
};

interface Parts {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: string[] | undefined;
  readonly NotPrincipal?: string[] | undefined;
  readonly Action?: string[] | undefined;
  readonly NotAction?: string[] | undefined;
  readonly Resource?: string[] | undefined;
  readonly NotResource?: string[] | undefined;
  readonly Condition: readonly Condition[];
}

function statementOf(parts: Parts, check: z.RefinementCtx): Statement {
  const either = (name: 'Principal' | 'Action' | 'Resource'): Elements | undefined => {
    const [listed, excluded] = [parts[name], parts[`Not${name}`]];
    if (listed && excluded) {
      check.addIssue({ code: 'custom', path: [name], message: `cannot be combined with Not${name}` });
    }
    return listed ? { negated: false, values: listed } : excluded && { negated: true, values: excluded };
  };
  const actions = either('Action');
  if (!actions) check.addIssue({ code: 'custom', path: ['Action'], message: 'must list actions' });
  return {
    effect: parts.Effect,
    principals: either('Principal'),
    actions: actions ?? { negated: false, values: [] },
    resources: either('Resource'),
    conditions: parts.Condition,
  };
}

const REQUIRED_ERROR = 'must have statements';

function policyOf<Shape extends z.ZodType<Statement>>(statement: Shape) {
  return z
    .strictObject(
      {
        Version: z.enum(['2008-10-17', '2012-10-17'], { error: 'must be 2012-10-17, in quotes' }).default('2008-10-17'),
        Id: z.string().optional(),
        Statement: z.preprocess(
          (value) => (Array.isArray(value) || value === undefined ? value : [value]),
          z.array(statement, { error: REQUIRED_ERROR }).min(1, { error: REQUIRED_ERROR }),
        ),
      },
      { error: ifNoObject('must be an object with Version and Statement') },
    )
    .transform(({ Version, Statement: statements }): Policy => ({ variables: Version === '2012-10-17', statements }));
}

/** The policy of a key. A statement without a resource has no effect, but AWS accepts it. */
export const keyPolicySchema = policyOf(
  z
    .strictObject({ ...STATEMENT, Principal: PRINCIPALS.optional(), NotPrincipal: PRINCIPALS.optional() }, NO_STATEMENT)
    .transform((parts, check) => {
      const statement = statementOf(parts, check);
      if (!statement.principals) check.addIssue({ code: 'custom', path: ['Principal'], message: INVALID_PRINCIPAL });
      return statement;
    }),
);

/** The policy of an identity, which is a user or a role. */
export const identityPolicySchema = policyOf(
  z.strictObject(STATEMENT, NO_STATEMENT).transform((parts, check) => {
    const statement = statementOf(parts, check);
    if (!statement.resources) check.addIssue({ code: 'custom', path: ['Resource'], message: 'must list resources' });
    return statement;
  }),
);

const NOTHING_ALLOWED: Policy = { variables: false, statements: [] };

/** Reads the policy of a stored key. If it is no longer valid, as may be in a state file of an earlier version, it allows nothing. */
export function readKeyPolicy(text: string): Policy {
  try {
    return keyPolicySchema.safeParse(JSON.parse(text)).data ?? NOTHING_ALLOWED;
  } catch {
    return NOTHING_ALLOWED;
  }
}
