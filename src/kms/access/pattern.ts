/** Rules for reading a pattern of a policy. */
export interface PatternRules {
  /** Whether `*` stands for any characters and `?` for one. */
  readonly wildcards: boolean;
  readonly ignoreCase?: boolean;
  /** Returns the value of a policy variable, such as `aws:username`, or undefined if the request has no such value. */
  readonly variable: (name: string) => string | undefined;
}

const ANY = Symbol('any characters');
const ONE = Symbol('one character');
/** A wildcard, or literal text that is not empty. */
type Token = string | typeof ANY | typeof ONE;

/** Says whether a text matches. */
export type Matcher = (text: string) => boolean;

/** Reads a pattern of a policy once, to match many texts. If a variable in it has no value, the pattern matches nothing. */
export function readPattern(pattern: string, rules: PatternRules): Matcher {
  const tokens = tokensOf(pattern, rules);
  if (!tokens) return () => false;
  return (text) => matchesTokens(tokens, rules.ignoreCase ? text.toLowerCase() : text);
}

// ${*}, ${?} and ${$} stand for the characters themselves. IAM User Guide, "Policy variables and tags". A name contains no brace and
// includes the spaces after it, so no character can be matched in two ways, and reading any pattern takes linear time.
const PART = /\$\{(?<name>[^{}',]+)(?:,\s*'(?<otherwise>[^']*)')?\}|\*|\?|[^*?$]+|\$/gu;

function tokensOf(pattern: string, { wildcards, ignoreCase, variable }: PatternRules): Token[] | undefined {
  const tokens: Token[] = [];
  for (const { 0: part, groups } of pattern.matchAll(PART)) {
    const name = groups?.['name']?.trimEnd();
    const last = tokens.at(-1);
    if (wildcards && part === '*') tokens.push(ANY);
    // `*?` becomes `?*`, because a `*` followed by literal text is matched faster.
    else if (wildcards && part === '?') tokens.splice(last === ANY ? -1 : tokens.length, 0, ONE);
    else {
      const literal =
        name === undefined ? part : /^[*?$]$/.test(name) ? name : (variable(name) ?? groups?.['otherwise']);
      if (literal === undefined) return undefined;
      const text = ignoreCase ? literal.toLowerCase() : literal;
      if (typeof last === 'string') tokens.splice(-1, 1, last + text);
      else if (text !== '') tokens.push(text);
    }
  }
  return tokens;
}

/** Matches the tokens. On a mismatch it retries only from the latest ANY, so that no pattern takes exponential time. */
function matchesTokens(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let position = 0;
  let retry: { readonly token: number; position: number } | undefined;
  while (token < tokens.length || position < text.length) {
    const expected = tokens[token];
    if (expected === ANY) {
      token += 1;
      retry = { token, position };
    } else if (expected === ONE && position < text.length) {
      token += 1;
      position = after(text, position);
    } else if (typeof expected === 'string' && text.startsWith(expected, position)) {
      token += 1;
      position += expected.length;
    } else {
      if (!retry || retry.position >= text.length) return false;
      position = nextStart(tokens[retry.token], text, retry.position);
      if (position < 0) return false;
      token = retry.token;
      retry.position = position;
    }
  }
  return true;
}

/** Returns the next position at which the token may match, or a negative number if there is none. */
function nextStart(token: Token | undefined, text: string, position: number): number {
  return typeof token === 'string' ? text.indexOf(token, position + 1) : after(text, position);
}

/** Returns the position after one character, which may have two UTF-16 code units. */
function after(text: string, position: number): number {
  return position + ((text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1);
}
