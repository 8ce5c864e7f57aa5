export type KeyPath = readonly PropertyKey[];

/** A line and column of a file, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something wrong in a configuration. */
export interface Problem {
  /** Path of the key, such as `keyStores[0].keys[1].id`; empty for the file as a whole. */
  readonly path: string;
  /** Line of the value in the file, or of the longest part of the path that the file has. */
  readonly line?: number;
  /** Column, only for an unknown key. */
  readonly column?: number;
  /** Reads on from the path: "must be ...". Never holds a secret. */
  readonly message: string;
}

/** A problem or a warning, before its place in the file is known. */
export interface Remark {
  readonly keys: KeyPath;
  /** Unknown key of the map at `keys`, if the remark is about one. `keys` itself cannot include it. */
  readonly unknownKey?: string;
  readonly message: string;
}

export function formatPath(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** Turns remarks into problems with places. `placeOf` finds the place of a key path. */
export function locate(remarks: readonly Remark[], placeOf: (path: KeyPath) => Place | undefined): Problem[] {
  return remarks.map(({ keys, unknownKey, message }) => {
    const path = formatPath(keys);
    if (unknownKey !== undefined) return { path, ...placeOf([...keys, unknownKey]), message };
    const place = placeOf(keys);
    return { path, ...(place && { line: place.line }), message };
  });
}

/** A problem in one line: `keyStores[0].keys[1].id (line 12): must be ...`. */
export function formatProblem({ path, line, column, message }: Problem): string {
  const place = line === undefined ? '' : `line ${line}${column === undefined ? '' : `, column ${column}`}`;
  const subject = path === '' || place === '' ? path + place : `${path} (${place})`;
  return subject === '' ? message : `${subject}: ${message}`;
}

/** Every problem of a configuration, in one report. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
    super(`${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
