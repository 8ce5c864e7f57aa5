import { parsePolicies } from './cedar.ts';

/** A valid policy set; plain data. */
export interface PolicySet {
  /** As the configuration names it. */
  readonly file: string;
  readonly policies: readonly Policy[];
}

export interface Policy {
  /** Its `@id`, which no other of the set has. */
  readonly id: string;
  readonly text: string;
}

/** Everything wrong with a policy set, each with file and line. */
export class PolicySetError extends Error {
  override readonly name = 'PolicySetError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Parses and validates a policy set; throws PolicySetError. `file` is for messages. */
export function loadPolicySet(text: string, file: string): PolicySet {
  const { policies, problems } = parsePolicies(text);
  const placed = place(text, policies);
  const named = placed.map(({ policy, offset }) => ({
    id: policy.json.annotations?.['id'] ?? '',
    text: policy.text,
    offset,
  }));
  const at = (offset: number, message: string) => ({ offset, message });
  const all = [
    ...problems.map(({ message, policy, offset }) => {
      const id = policy === undefined ? '' : named[policy]?.id;
      return at(offset, id ? `in "${id}": ${message}` : message);
    }),
    ...named.flatMap(({ id, offset }, index) => {
      if (!ID_PATTERN.test(id)) return [at(offset, `the policy must have an @id("..."), ${ID_RULE}; the log names it`)];
      const isSecond = named.findIndex((other) => other.id === id) < index;
      return isSecond ? [at(offset, `the policy has the same @id as another one: ${id}`)] : [];
    }),
  ];
  if (all.length === 0 && named.length === 0) all.push(at(0, 'there is no policy: nothing would be permitted'));
  if (all.length === 0) return { file, policies: named.map(({ id, text }) => ({ id, text })) };
  const inOrder = all.toSorted((a, b) => a.offset - b.offset);
  const lines = inOrder.map(({ offset, message }) => `${file}:${lineOf(text, offset)}: ${message}`);
  throw new PolicySetError([...new Set(lines)]);
}

// Ids stand in every log record, and as names in YAML.
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const ID_RULE = '1 to 100 characters of A-Za-z0-9._-';

/** Where each policy begins; between policies there is only white space and comments. */
function place<T extends { readonly text: string }>(text: string, policies: readonly T[]) {
  const between = /(?:\s|\/\/[^\n]*)*/y;
  let end = 0;
  return policies.map((policy) => {
    between.lastIndex = end;
    between.exec(text);
    const offset = between.lastIndex;
    end = offset + policy.text.length;
    return { policy, offset };
  });
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
