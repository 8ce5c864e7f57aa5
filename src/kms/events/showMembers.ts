/**
 * Which members of an input or output an event shows: `true` for a member as it is, another name for it, or the members of a
 * structure or of each structure of a list. What is not listed is hidden.
 */
export interface ShownMembers {
  readonly [member: string]: true | string | ShownMembers;
}

/** Members that events show, by the names of a service's operations. */
export type ShownMembersOfOperations = Readonly<
  Record<
    string,
    {
      /** Members of the input, which is checked and has its defaults. */
      readonly request: ShownMembers;
      /** Members of the output. `key ARN` is for an operation without output: CloudTrail shows its key since December 2022. */
      readonly response?: ShownMembers | 'key ARN';
    }
  >
>;

type Shown = Readonly<Record<string, unknown>>;

/** The members that are there and shown, with names that begin with a small letter, as CloudTrail has them; null if there are none. */
export function showMembers(members: ShownMembers, value: unknown): Shown | null {
  if (typeof value !== 'object' || value === null) return null;
  const shown = Object.entries(members).flatMap(([member, how]) => {
    const part = (value as Shown)[member];
    if (part === undefined || part === null) return [];
    const name = typeof how === 'string' ? how : decapitalized(member);
    return [[name, typeof how === 'object' ? showStructure(how, part) : showValue(part)] as const];
  });
  return shown.length === 0 ? null : Object.fromEntries(shown);
}

function showStructure(members: ShownMembers, value: unknown): unknown {
  return Array.isArray(value) ? value.map((element) => showMembers(members, element)) : showMembers(members, value);
}

function showValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'HIDDEN_DUE_TO_SECURITY_REASONS';
  return value instanceof Date ? showDate(value) : value;
}

const DATE = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** Such as `Dec 7, 2022, 10:37:45 PM`. */
function showDate(date: Date): string {
  // Unicode's data has a narrow no-break space before AM and PM.
  return DATE.format(date).replaceAll('\u202f', ' ');
}

function decapitalized(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
