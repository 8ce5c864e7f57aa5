import { EXTERNAL_KEY_ID_PATTERN } from '../xks/path.ts';
import type { PolicyJson } from './parsePolicies.ts';
import { splitCondition } from './explain.ts';
import type { EntityName } from './cedarRequest.ts';
import { ACCOUNT, NAME, PRINCIPAL_FORMS, principalOf } from './principal.ts';

/** Comparisons in policies that are true of no request, and the entities that the policies name. */
export interface PolicyRemarks {
  /** Each begins with the policy: `in "orders": ...`. */
  readonly warnings: readonly string[];
  readonly named: readonly (EntityName & { readonly policyId: string })[];
  /** The tags of keys that the policies read. */
  readonly tags: readonly { readonly policyId: string; readonly tag: string }[];
}

/** Finds comparisons that are valid Cedar but never true, because no principal or key has a name of that form. */
export function neverTrue(policyId: string, policy: PolicyJson): PolicyRemarks {
  const { entities, values, members, tags } = comparisonsOf(policy);
  const found = [
    ...entities.map(entityProblem),
    ...values.map(valueProblem),
    ...members.map(memberProblem),
    ...kindProblems(policy),
  ];
  const told = new Set(found.filter((problem) => problem !== undefined));
  return {
    named: entities.map((entity) => ({ policyId, ...entity })),
    tags: [...new Set(tags)].map((tag) => ({ policyId, tag })),
    warnings: [...told].map((problem) => `in "${policyId}": ${problem}`),
  };
}

interface Comparison {
  readonly variable: string;
  readonly attribute: string;
  readonly value: string;
}

type Json = Readonly<Record<string, unknown>>;

function comparisonsOf(policy: PolicyJson) {
  const entities: EntityName[] = [];
  const values: Comparison[] = [];
  const members: EntityName[] = [];
  const tags: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === 'entity' || key === '__entity') entities.push(child as EntityName);
      // The names of a record's attributes may be anything, also those of operators.
      else if (key === 'Record') Object.values(child as Json).forEach(visit);
      else visit(child);
      values.push(...comparedIn(key, child as Json));
      if (key === 'in') members.push(...entitiesOf(child as Json));
      if (key === 'hasTag' || key === 'getTag') tags.push(...tagOfResource(child as Json));
    }
  };
  const { principal } = policy;
  if (principal.op === 'in' && 'entity' in principal) members.push(principal.entity as EntityName);
  visit([principal, policy.resource, policy.conditions]);
  return { entities, values, members, tags };
}

/** Returns the entities on the right of `in` in a condition: one, or those of a set. */
function entitiesOf({ right }: Json): EntityName[] {
  const { Value: value, Set: entries } = (right ?? {}) as { Value?: Json; Set?: readonly unknown[] };
  if (entries) return entries.flatMap((entry) => entitiesOf({ right: entry }));
  const name = value?.['__entity'];
  return name === undefined ? [] : [name as EntityName];
}

/** Returns the name of the tag that a condition reads. Empty if the tag is not one of a key, or its name is computed. */
function tagOfResource({ left, right }: Json): string[] {
  return (left as { readonly Var?: unknown } | undefined)?.Var === 'resource' ? textsOf(right) : [];
}

/** Returns the attribute and texts that an operator compares. Empty if it compares something else. */
function comparedIn(operator: string, operands: Json): Comparison[] {
  if (!['==', '!=', 'contains', 'like'].includes(operator)) return [];
  const { left, right, pattern } = operands;
  const sides = pattern === undefined ? [left, right] : [left, { Value: wholeText(pattern) }];
  const attribute = sides.map(attributeOf).find((found) => found !== undefined);
  return attribute ? sides.flatMap(textsOf).map((value) => ({ ...attribute, value })) : [];
}

function attributeOf(node: unknown): { readonly variable: string; readonly attribute: string } | undefined {
  const { left, attr } = ((node as Json | undefined)?.['.'] ?? {}) as { left?: { Var?: string }; attr?: string };
  return left?.Var === undefined || attr === undefined ? undefined : { variable: left.Var, attribute: attr };
}

function textsOf(node: unknown): string[] {
  const { Value: value, Set: entries } = (node ?? {}) as { Value?: unknown; Set?: readonly unknown[] };
  return entries ? entries.flatMap(textsOf) : typeof value === 'string' ? [value] : [];
}

/** Returns the text of a pattern without wildcards. Undefined if it has one. */
function wholeText(pattern: unknown): string | undefined {
  const parts = pattern as readonly ('Wildcard' | { readonly Literal: string })[];
  return parts.includes('Wildcard')
    ? undefined
    : parts.map((part) => (part === 'Wildcard' ? '' : part.Literal)).join('');
}

const KEY_STORE = '[A-Za-z0-9._-]{1,64}';
const WITHOUT_PATTERN = [/^[^*]*$/, 'compared as a whole, and * is not a wildcard: use like'] as const;
const ACCOUNT_FORM = [whole(ACCOUNT), '12 digits'] as const;
const REGION_FORM = [/^[a-z0-9-]+$/, 'a Region such as us-east-1'] as const;
const ENDPOINT_FORM = [/^vpce-[0-9a-f]+$/, 'a VPC endpoint id such as vpce-0123456789abcdef0'] as const;

const ENTITY_FORMS: Readonly<Record<string, readonly [RegExp, string]>> = {
  Account: [whole(ACCOUNT), '12 digits'],
  RoleName: [whole(`${ACCOUNT}/${NAME}`), '<account>/<name of the role, without its path>'],
  KeyStore: [whole(KEY_STORE), 'the name of the key store'],
  ExternalKey: [whole(`${KEY_STORE}/[^/]+`), '<name of the key store>/<external key id>'],
};

const VALUE_FORMS: Readonly<Record<string, readonly [RegExp, string]>> = {
  'principal.arn': WITHOUT_PATTERN,
  'principal.account': ACCOUNT_FORM,
  'principal.partition': [/^aws[a-z-]*$/, 'a partition such as aws'],
  'principal.path': [/^\/(.*\/)?$/, 'a path that begins and ends with /'],
  'principal.name': [/^[^/*:]+$/, 'a name without path and pattern'],
  'principal.session': [/^[^/*:]+$/, 'a name without pattern'],
  'resource.id': [EXTERNAL_KEY_ID_PATTERN, 'an external key id'],
  'resource.keyStore': [whole(KEY_STORE), 'the name of a key store'],
  'context.kmsOperation': [/^[A-Z][A-Za-z]*$/, 'an operation such as Encrypt or GenerateDataKey'],
  'context.kmsKeyArn': WITHOUT_PATTERN,
  'context.kmsKeyAccount': ACCOUNT_FORM,
  'context.kmsKeyRegion': REGION_FORM,
  'context.kmsViaService': WITHOUT_PATTERN,
  'context.kmsViaServiceName': [/^[a-z0-9-]+$/, 'a service such as ebs'],
  'context.kmsViaServiceRegion': REGION_FORM,
  'context.awsSourceVpc': [/^vpc-[0-9a-f]+$/, 'a VPC id such as vpc-0123456789abcdef0'],
  'context.awsSourceVpce': ENDPOINT_FORM,
  'context.vpcEndpointId': ENDPOINT_FORM,
};

function entityProblem({ type, id }: EntityName): string | undefined {
  const name = nameOf({ type, id });
  const form = ENTITY_FORMS[type];
  if (form) return form[0].test(id) ? undefined : `${name} is never met: the name in ${type}::"..." is ${form[1]}`;
  const principalForm = PRINCIPAL_FORMS[type];
  if (principalForm === undefined) return undefined;
  const { type: kind } = principalOf(id);
  if (kind !== type && kind !== 'OtherPrincipal') {
    return `${name} is never met: the name is of another kind; write ${nameOf({ type: kind, id })}`;
  }
  if (id.includes('*')) return `${name} is never met: * is not a wildcard in a name; compare principal.arn with like`;
  return kind === type ? undefined : `${name} is never met: the name in ${type}::"..." is ${principalForm}`;
}

/** Reports `in` with a role, of which its sessions are no members. */
function memberProblem({ type, id }: EntityName): string | undefined {
  const principal = principalOf(id);
  if (type !== 'Role' || principal.type !== 'Role' || id.includes('*')) return undefined;
  const { account, name } = principal.attributes;
  const roleName = nameOf({ type: 'RoleName', id: `${String(account)}/${String(name)}` });
  return `in ${nameOf({ type, id })} is true only of the role itself; for its sessions too, write in ${roleName}`;
}

function valueProblem({ variable, attribute, value }: Comparison): string | undefined {
  const name = `${variable}.${attribute}`;
  const [pattern, form] = VALUE_FORMS[name] ?? [];
  return !pattern || pattern.test(value) ? undefined : `${name} is never ${quote(value)}: it is ${form ?? ''}`;
}

/** Finds ARNs of another kind than the policy requires elsewhere. */
function kindProblems({ principal, conditions }: PolicyJson): string[] {
  const asked = conditions.filter(({ kind }) => kind === 'when').flatMap(splitCondition);
  const bodies = asked.map(({ body }) => body as Json);
  const isOf = (node: unknown) => (node as { entity_type?: string } | undefined)?.entity_type;
  const kinds = [isOf(principal), ...bodies.map(({ is }) => isOf(is))].filter((kind) => kind !== undefined);
  const arns = bodies
    .flatMap((body) => comparedIn('==', (body['=='] ?? {}) as Json))
    .filter(({ variable, attribute }) => variable === 'principal' && attribute === 'arn');
  return arns.flatMap(({ value }) => {
    const { type } = principalOf(value);
    const other = kinds.find((kind) => kind !== type);
    return other === undefined
      ? []
      : [`principal.arn is never ${quote(value)} here: this is a ${type}, not a ${other}`];
  });
}

function nameOf({ type, id }: EntityName): string {
  return `${type}::${quote(id)}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 200 ? text : `${text.slice(0, 200)}...`);
}

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}
