import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { conditionsHold } from '../../../../src/kms/access/conditions.ts';
import { readPattern } from '../../../../src/kms/access/pattern.ts';

const LIKE = { wildcards: true, variable: () => 'x' };
const CONDITIONS = fileURLToPath(new URL('../../../../src/kms/access/conditions.ts', import.meta.url));

describe('a pattern', () => {
  it.each([
    ['*?*?', 'a', false],
    ['*?*?', 'ab', true],
    ['?*b', 'b', false],
    ['*?b', 'abb', true],
    ['*?b', '\u{1F600}b', true],
    ['?', '\u{1F600}', true],
    ['??', '\u{1F600}', false],
    ['*ab*ab', 'abab', true],
    ['*abab', 'ababab', true],
    ['*', '', true],
    ['?', '', false],
    ['', '', true],
    ['', 'a', false],
    ['$${*}${a:b}', '$*x', true],
    ["${a:b , 'c}'}", 'x', true],
    ['${a{b}', '${a{b}', true],
  ])('%s for the text "%s": matches is %s', (pattern, text, matches) => {
    expect(readPattern(pattern, LIKE)(text)).toBe(matches);
  });

  it('with a variable without a value uses its default', () => {
    const rules = { ...LIKE, variable: () => undefined };
    expect(readPattern("${a:b , 'c}'}", rules)('c}')).toBe(true);
    expect(readPattern('${a:b}*', rules)('')).toBe(false);
  });
});

/** Evaluates a condition in a separate process, because a regular expression cannot be interrupted. */
function evaluate(operator: string, values: string, actual: string): string {
  const script = `
    import { conditionsHold, parseOperator } from ${JSON.stringify(CONDITIONS)};
    const condition = { ...parseOperator('${operator}'), key: 'a:key', values: ${values} };
    console.log(conditionsHold([condition], new Map([['a:key', ${actual}]]), { variables: true }));`;
  const options = { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' } as const;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], options).stdout.trim();
}

describe('a policy of the largest size and a long text take no minutes', () => {
  it.each([
    ['variables without end', 'StringLike', "['${'.repeat(8_000) + ' '.repeat(16_000)]", "'a'.repeat(8_000)"],
    ['variables without end in an ARN', 'ArnLike', "['${:'.repeat(10_000)]", "'a:'.repeat(4_000)"],
    ['stars', 'StringLike', "['*a'.repeat(16_000) + 'b']", "'a'.repeat(8_000)"],
    ['variables with long values', 'StringLike', "['${a:key}'.repeat(3_000)]", "'a'.repeat(8_000)"],
  ])('%s', (_, operator, values, actual) => {
    expect(evaluate(operator, values, actual)).toBe('false');
  });

  it('because a pattern is read once for all values', () => {
    const read: string[] = [];
    const context = new (class extends Map<string, string | string[]> {
      override get(name: string) {
        read.push(name);
        return super.get(name);
      }
    })([
      ['a:key', Array.from({ length: 1_000 }, (_, index) => String(index))],
      ['a:name', 'x'],
    ]);
    const values = Array.from({ length: 100 }, () => 'a?${a:name}');
    const condition = { operator: 'StringLike', set: 'ForAnyValue', ifExists: false, key: 'a:key', values } as const;
    expect(conditionsHold([condition], context, { variables: true })).toBe(false);
    expect(read.filter((name) => name === 'a:name')).toHaveLength(100);
  });
});
