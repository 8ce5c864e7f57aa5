/**
 * Members of an input or output that an event shows. The value is `true` to show the member as it is, or another name for it. For a
 * structure or a list of structures, it has the shown members. Members that are not listed are hidden.
 */
export interface ShownMembers {
  readonly [member: string]: true | string | ShownMembers;
}

/** Members that events show, by operation of a service. */
export type ShownMembersOfOperations = Readonly<
  Record<
    string,
    {
      /** Members of the validated input, with defaults applied. */
      readonly request: ShownMembers;
      /** Members of the output. `key ARN` is for an operation without output, whose key CloudTrail has shown since December 2022. */
      readonly response?: ShownMembers | 'key ARN';
    }
  >
>;

type Shown = Readonly<Record<string, unknown>>;

/** Returns the shown members that exist, with names that begin with a lower-case letter as in CloudTrail, or null if there are none. */
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

/** Formats a date, such as `Dec 7, 2022, 10:37:45 PM`. */
function showDate(date: Date): string {
  // Intl writes a narrow no-break space before AM and PM.
  return DATE.format(date).replaceAll('\u202f', ' ');
}

function decapitalized(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
