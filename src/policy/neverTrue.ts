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
}

/** Finds comparisons that are valid Cedar but never true, because no principal or key has a name of that form. */
export function neverTrue(policyId: string, policy: PolicyJson): PolicyRemarks {
  const { entities, values } = comparisonsOf(policy);
  const found = [...entities.map(entityProblem), ...values.map(valueProblem), ...kindProblems(policy)];
  const told = new Set(found.filter((problem) => problem !== undefined));
  return {
    named: entities.map((entity) => ({ policyId, ...entity })),
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
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === 'entity' || key === '__entity') entities.push(child as EntityName);
      else visit(child);
      values.push(...comparedIn(key, child as Json));
    }
  };
  visit([policy.principal, policy.resource, policy.conditions]);
  return { entities, values };
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
const ARN_WITHOUT_PATTERN = [/^[^*]*$/, 'compared as a whole, and * is not a wildcard: use like'] as const;
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
  'principal.arn': ARN_WITHOUT_PATTERN,
  'principal.account': ACCOUNT_FORM,
  'principal.partition': [/^aws[a-z-]*$/, 'a partition such as aws'],
  'principal.path': [/^\/(.*\/)?$/, 'a path that begins and ends with /'],
  'principal.name': [/^[^/*:]+$/, 'a name without path and pattern'],
  'principal.session': [/^[^/*:]+$/, 'a name without pattern'],
  'resource.id': [EXTERNAL_KEY_ID_PATTERN, 'an external key id'],
  'resource.keyStore': [whole(KEY_STORE), 'the name of a key store'],
  'context.kmsOperation': [/^[A-Z][A-Za-z]*$/, 'an operation such as Encrypt or GenerateDataKey'],
  'context.kmsKeyArn': ARN_WITHOUT_PATTERN,
  'context.kmsKeyAccount': ACCOUNT_FORM,
  'context.kmsKeyRegion': REGION_FORM,
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
