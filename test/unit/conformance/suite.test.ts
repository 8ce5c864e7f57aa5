import { expect, it } from 'vitest';
import { suite } from '../../../src/conformance/suite.ts';

const cases = suite.flatMap((section) => section.cases);

it('section names and case names are unique', () => {
  expect(new Set(suite.map(({ name }) => name)).size).toBe(suite.length);
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
});

it('each case says what the proxy must do, beginning with a verb, and what it expects', () => {
  for (const { id, title, expected } of cases) {
    expect(id).toMatch(/^[A-Za-z\d.-]+$/);
    expect(title).toMatch(/^(Does not|Never|[A-Z][a-z]+s) /);
    expect(expected).not.toBe('');
  }
});
