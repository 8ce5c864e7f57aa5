import { expect, it } from 'vitest';
import { suite } from '../../../src/conformance/suite.ts';

const cases = suite.flatMap((section) => section.cases);

it('no two sections, and no two cases, have one name', () => {
  expect(new Set(suite.map(({ name }) => name)).size).toBe(suite.length);
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
});

it('every case says what it expects', () => {
  for (const { id, title, expected } of cases) {
    expect(id).toMatch(/^[A-Za-z\d.-]+$/);
    expect(title).not.toBe('');
    expect(expected).not.toBe('');
  }
});
