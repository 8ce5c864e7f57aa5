import { expect, it } from 'vitest';
import { redactError } from '../../src/redactError.ts';

it('shows class, code and place of an error, but not its message', () => {
  const error = Object.assign(new TypeError('secret\n    at secret'), { code: 'ERR_OOPS' });
  expect(redactError(error)).toMatch(/^TypeError ERR_OOPS at \S.*redactError\.test\.ts/);
  expect(redactError(error)).not.toContain('secret');
});

it('shows no place if it cannot separate the message from the stack', () => {
  const error = new Error('another message');
  // V8 builds the stack on its first read, with the message of that time.
  error.stack = 'Error:     at secret\n    at f (file.ts:1:1)';
  expect(redactError(error)).toBe('Error');
});

it('shows eight frames at most', () => {
  const error = new Error('deep');
  error.stack = `Error: deep${'\n    at f (file.ts:1:1)'.repeat(20)}`;
  expect(redactError(error).match(/at f/g)).toHaveLength(8);
});

it("shows SQLite's fixed words", () => {
  const error = Object.assign(new Error('secret'), { code: 'ERR_SQLITE_ERROR', errstr: 'database or disk is full' });
  expect(redactError(error)).toMatch(/^Error ERR_SQLITE_ERROR database or disk is full at /);
});

it.each([
  ['secret', 'string'],
  [undefined, 'undefined'],
  [{ message: 'secret' }, 'object'],
])('shows only the type of %j, which is not an error', (thrown, type) => {
  expect(redactError(thrown)).toBe(type);
});
