/** How the pattern of a policy is read. */
export interface PatternRules {
  /** Whether `*` stands for any characters and `?` for one. */
  readonly wildcards: boolean;
  readonly ignoreCase?: boolean;
  /** The value of a policy variable, such as `aws:username`; undefined for one that the request does not have. */
  readonly variable: (name: string) => string | undefined;
}

const ANY = Symbol('any characters');
const ONE = Symbol('one character');
type Token = string | typeof ANY | typeof ONE;

/** Whether a text matches the pattern of a policy. A pattern with a variable that has no value matches nothing. */
export function matchesPattern(pattern: string, text: string, rules: PatternRules): boolean {
  const tokens = tokensOf(pattern, rules);
  return tokens !== undefined && matchesTokens(tokens, Array.from(rules.ignoreCase ? text.toLowerCase() : text));
}

// ${*}, ${?} and ${$} are the characters themselves. IAM User Guide, "Policy variables and tags".
const PART = /\$\{(?<name>[^}',]+?)(?:\s*,\s*'(?<otherwise>[^']*)')?\}|\*|\?|[^*?$]+|\$/gu;

function tokensOf(pattern: string, { wildcards, ignoreCase, variable }: PatternRules): Token[] | undefined {
  const tokens: Token[] = [];
  for (const { 0: part, groups } of pattern.matchAll(PART)) {
    const { name, otherwise } = groups ?? {};
    if (wildcards && part === '*') tokens.push(ANY);
    else if (wildcards && part === '?') tokens.push(ONE);
    else {
      const literal = name === undefined ? part : /^[*?$]$/.test(name) ? name : (variable(name) ?? otherwise);
      if (literal === undefined) return undefined;
      for (const character of ignoreCase ? literal.toLowerCase() : literal) tokens.push(character);
    }
  }
  return tokens;
}

/** Goes back to the latest ANY only, so that no pattern takes exponential time. */
function matchesTokens(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0;
  let position = 0;
  let retry: { readonly token: number; position: number } | undefined;
  while (position < text.length) {
    const expected = tokens[token];
    if (expected === ANY) {
      token += 1;
      retry = { token, position };
    } else if (expected === ONE || (expected !== undefined && expected === text[position])) {
      token += 1;
      position += 1;
    } else if (retry) {
      retry.position += 1;
      position = retry.position;
      token = retry.token;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === ANY);
}
