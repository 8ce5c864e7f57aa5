import { expect, it } from 'vitest';
import { PolicyEngine } from '../../../src/policy/policyEngine.ts';
import { loadPolicySet, PolicySetError } from '../../../src/policy/policySet.ts';
import { requestMetadata } from '../../support/messages.ts';
import { policySetOf } from '../../support/policySetOf.ts';

function problemsOf(text: string): readonly string[] {
  try {
    policySetOf(text);
    return [];
  } catch (error) {
    if (error instanceof PolicySetError) return error.problems;
    throw error;
  }
}

const ANY = 'permit (principal, action, resource)';

/** The given number of policies of two lines each, with their ids. */
function manyPolicies(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `// é; "\n@id("policy-${index}") ${ANY};`);
}

it('contains its policies by their @id, in the order of the text', () => {
  const ids = Array.from({ length: 12 }, (_, index) => `policy-${index}`);
  const text = ids.map((id) => `// The ${id} é\n@id("${id}")\n${ANY};`).join('\n\n');
  const { file, policies } = policySetOf(text);
  expect(file).toBe('p.cedar');
  expect(policies).toEqual(ids.map((id) => ({ id, text: `@id("${id}")\n${ANY};` })));
});

it.each([
  ['a misspelt attribute', 'when { principal is User && principal.acount == "1" }', 'did you mean `account`?'],
  ['a misspelt field of the context', 'when { context.kmsOperatoin == "Encrypt" }', 'did you mean `kmsOperation`?'],
  ['an optional attribute without has', 'when { context.kmsViaService == "ebs" }', 'context has kmsViaService'],
  ['a tag that may be absent', 'when { resource.getTag("team") == "a" }', 'hasTag'],
  [
    'an attribute that not every principal has',
    'when { principal.account == "1" }',
    'attribute `account` on entity type',
  ],
  ['a field of the wrong type', 'when { context.kmsOperation == 1 }', 'are not compatible'],
  ['a policy that never applies', 'when { principal is User && principal is Role }', 'policy is impossible'],
])('refuses %s, with its line and a suggestion', (_what, condition, meant) => {
  const problems = problemsOf(`// é\n@id("fine")\n${ANY};\n@id("wrong")\n${ANY}\n${condition};`);
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem).toMatch(/^p\.cedar:[456]: in "wrong": /);
  expect(problems.join('\n')).toContain(meant);
});

it('refuses an unknown action or type', () => {
  expect(problemsOf('@id("a")\npermit (principal, action == Action::"Decrpyt", resource);').join()).toContain(
    'did you mean `Action::"Decrypt"`?',
  );
  expect(problemsOf('@id("a")\npermit (principal == Usr::"a", action, resource);').join()).toContain(
    'did you mean `User`?',
  );
});

it('never has kmsRequestId, so that decisions do not depend on it', () => {
  expect(problemsOf(`@id("a") ${ANY} when { context has kmsRequestId };`)).not.toEqual([]);
});

it('reports where the text is not a policy', () => {
  const [problem, ...others] = problemsOf(`@id("a")\n${ANY};\n\npermit (principal, action resource);`);
  expect(problem).toMatch(/^p\.cedar:4: .*expected/);
  expect(others).toEqual([]);
});

it('requires a unique @id', () => {
  const text = `${ANY}; @id("a") ${ANY};\n// ${ANY};\n@id("a b") ${ANY};\n@id("a")\n${ANY};`;
  expect(problemsOf(text)).toEqual([
    expect.stringMatching(/^p\.cedar:1: the policy must have an @id/),
    expect.stringMatching(/^p\.cedar:3: the policy must have an @id/),
    'p.cedar:4: the policy has the same @id as another one: a',
  ]);
});

it('reports all problems at once, in the order of the lines', () => {
  const problems = problemsOf(
    `@id("a")\n${ANY} when { context.x == 1 };\n${ANY};\n@id("b")\n${ANY} when { context.y };`,
  );
  expect([...new Set(problems.map((problem) => problem.split(':')[1]))]).toEqual(['2', '3', '5']);
});

it.each(['', '// nothing\n'])('refuses %j, which would deny everything', (text) => {
  expect(problemsOf(text)).toEqual(['p.cedar:1: there is no policy, so nothing would be permitted']);
});

it('refuses templates', () => {
  expect(problemsOf('@id("a") permit (principal == ?principal, action, resource);')).toHaveLength(1);
});

it.each(['(', '!', '{'])('survives a text of many %s', (character) => {
  expect(problemsOf(`@id("a") ${ANY} when { ${character.repeat(20_000)} };`)).not.toEqual([]);
  expect(problemsOf(`@id("a") ${ANY};`)).toEqual([]);
});

it.each([0, 1, 150, 299])('reports a fault of policy %i of 300 with its line', (index) => {
  const lines = manyPolicies(300).toSpliced(
    index,
    1,
    `// ü\n@id("wrong") ${ANY} when { context.kmsOperatoin == "a" };`,
  );
  const problems = problemsOf(lines.join('\n'));
  expect(problems).toHaveLength(3);
  for (const problem of problems) {
    expect(problem).toMatch(new RegExp(`^p\\.cedar:${2 * index + 2}: in "wrong": .*did you mean \`kmsOperation\``));
  }
});

it.each([0, 150, 299])('reports that policy %i of 300 is invalid', (index) => {
  const lines = manyPolicies(300).toSpliced(index, 1, '\n@id("wrong") permit (principal, action resource);');
  expect(problemsOf(lines.join('\n'))).toEqual([
    expect.stringMatching(new RegExp(`^p\\.cedar:${2 * index + 2}: .*expected`)),
  ]);
});

it('finds a duplicate @id in two distant policies', () => {
  const text = [...manyPolicies(300), `@id("policy-7") ${ANY};`].join('\n');
  expect(problemsOf(text)).toEqual(['p.cedar:601: the policy has the same @id as another one: policy-7']);
});

it('pauses after each policy', () => {
  const steps = [...loadPolicySet(manyPolicies(300).join('\n'), 'p.cedar')];
  expect(steps.length).toBeGreaterThan(300);
});

const CHAIN = (operators: number) => Array.from({ length: operators + 1 }, () => 'principal has arn').join(' && ');

it('may nest 250 operators, and decides with them', () => {
  const policySet = policySetOf(`@id("deep") ${ANY} when { ${CHAIN(250)} };`);
  const subject = { api: 'Encrypt' as const, keyStore: 'first', externalKey: { id: 'key', tags: {} }, requestMetadata };
  expect(new PolicyEngine(policySet).decide(subject)).toEqual({ allowed: true, policyIds: ['deep'] });
});

it.each([
  ['a long chain', CHAIN(251), /p\.cedar:2: in "deep": more than 250 operators are nested/],
  ['a chain that Cedar can read, but not evaluate', CHAIN(400), /p\.cedar:2: in "deep": more than 250 operators/],
  ['a chain that Cedar cannot read', CHAIN(5_000), /p\.cedar:1: Cedar cannot read these policies; perhaps/],
  [
    'parentheses',
    `${'('.repeat(1_000)}true${')'.repeat(1_000)}`,
    /p\.cedar:1: Cedar cannot read these policies; perhaps/,
  ],
  ['conditions', `${'if 1 == 1 then '.repeat(300)}true${' else false'.repeat(300)}`, /more than 250 operators/],
])('refuses what is nested too deeply: %s', (_what, condition, meant) => {
  const text = (expression: string) => `@id("fine") ${ANY};\n@id("deep") ${ANY} when { ${expression} };`;
  expect(problemsOf(text(condition))).toEqual([expect.stringMatching(meant)]);
  expect(problemsOf(text('true == true'))).not.toContainEqual(expect.stringMatching('Cedar'));
});
