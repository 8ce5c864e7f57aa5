/** The conditions of a query. A record must match all of its members. */
export interface RecordQuery {
  /** Type of the records; undefined for all types. */
  readonly type: string | undefined;
  readonly keyStore?: string | undefined;
  /** XKS operation. */
  readonly operation?: string | undefined;
  readonly externalKeyId?: string | undefined;
  /** Label of the key version. */
  readonly keyVersion?: string | undefined;
  readonly outcome?: string | undefined;
  readonly kmsRequestId?: string | undefined;
  /** ARN, in which each `*` stands for any text. */
  readonly awsPrincipalArn?: string | undefined;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

/** The members of a record that queries use. A member that is text in records of the proxy may have any type in a file. */
export interface AuditRecord {
  readonly index: number;
  readonly type: string;
  readonly time?: unknown;
  readonly requestMetadata?: Readonly<Record<string, unknown>>;
  readonly outcome?: unknown;
  readonly [member: string]: unknown;
}

// Nesting of lists and maps; records of the proxy have some five levels. Functions that print a record recurse.
const MAX_DEPTH = 100;

/** Parses a line. Undefined if it is not a record. */
export function parseRecord(line: string): AuditRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<AuditRecord> | null;
    const isRecord = Number.isSafeInteger(value?.index) && typeof value?.type === 'string' && isWithinDepth(value);
    return isRecord ? (value as AuditRecord) : undefined;
  } catch {
    return undefined;
  }
}

function isWithinDepth(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isWithinDepth(member, depth - 1));
}

const MEMBERS = ['type', 'keyStore', 'operation', 'externalKeyId', 'keyVersion'] as const;

/** Makes a function that decides whether a record matches. `outcome` is the final outcome of the request. */
export function matcherOf(query: RecordQuery): (record: AuditRecord, outcome: unknown) => boolean {
  const members = MEMBERS.filter((name) => query[name] !== undefined);
  const principal = query.awsPrincipalArn === undefined ? undefined : wildcard(query.awsPrincipalArn);
  const { kmsRequestId, from, to } = query;
  return (record, outcome) => {
    if (members.some((name) => record[name] !== query[name])) return false;
    if (query.outcome !== undefined && outcome !== query.outcome) return false;
    const { requestMetadata } = record;
    if (kmsRequestId !== undefined && requestMetadata?.['kmsRequestId'] !== kmsRequestId) return false;
    if (principal && !principal(requestMetadata?.['awsPrincipalArn'])) return false;
    return isWithin(record.time, record.time, from, to);
  };
}

/** Whether a period, given by two times from records, overlaps another period, which ends before `to`. */
export function isWithin(begin: unknown, end: unknown, from: Date | undefined, to: Date | undefined): boolean {
  if (from !== undefined && !(parseTime(end) >= from.getTime())) return false;
  return to === undefined || parseTime(begin) < to.getTime();
}

/** Milliseconds since the epoch; NaN if a member of a record is no time. */
export function parseTime(member: unknown): number {
  return typeof member === 'string' ? Date.parse(member) : NaN;
}

/**
 * Returns texts that the lines of all matching records contain, as Latin-1 of their bytes, rarest first. A line that contains all
 * of them may still be another, since a client may use any names in its metadata. `isExact`: there is no other condition except
 * the time.
 */
export function needlesOf(query: RecordQuery): { readonly needles: readonly string[]; readonly isExact: boolean } {
  const { kmsRequestId, awsPrincipalArn, keyVersion, externalKeyId, keyStore, operation, outcome, type } = query;
  const inMetadata = [member({ kmsRequestId }), ...principalParts(awsPrincipalArn)];
  const ofRecord = [{ keyVersion }, { externalKeyId }, { keyStore }, { operation }, { outcome }, { type }].map(member);
  const needles = [...inMetadata, ...ofRecord].filter((text) => text !== '');
  return {
    needles: needles.map((needle) => Buffer.from(needle).toString('latin1')),
    isExact: kmsRequestId === undefined && awsPrincipalArn === undefined,
  };
}

/** Formats a member as JSON. Empty if it is undefined. */
function member(one: Readonly<Record<string, string | undefined>>): string {
  return JSON.stringify(one).slice(1, -1);
}

/** Returns the texts between the wildcards of an ARN, in the form that they have in JSON. */
function principalParts(pattern: string | undefined): string[] {
  if (pattern === undefined) return [];
  return member({ awsPrincipalArn: pattern })
    .split('*')
    .filter((part) => part !== '"');
}

function wildcard(pattern: string): (text: unknown) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (text) => typeof text === 'string' && expression.test(text);
}
