/** Something wrong in a configuration. */
export interface Problem {
  /** Path of the key, such as `keyStores[0].keys[1].id`; empty for the file as a whole. */
  readonly path: string;
  /** Reads on from the path: "must be ...". Never holds a secret. */
  readonly message: string;
}

export type KeyPath = readonly PropertyKey[];

export function formatPath(path: KeyPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** Every problem of a configuration, in one report. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
    super(`${file} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
