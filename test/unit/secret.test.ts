import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '../../src/secret.ts';

const secret = new Secret('opensesame');

it.each<[string, string]>([
  ['String', String(secret)],
  ['concatenation', 'x' + String(secret)],
  ['JSON', JSON.stringify({ secret })],
  ['inspect', inspect({ secret }, { depth: 5, showHidden: true })],
  ['its properties', JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
  ['structuredClone', inspect(structuredClone(secret))],
])('is not printed by %s', (_how, text) => {
  expect(text).not.toContain('opensesame');
});

it('returns its value on request', () => {
  expect(secret.reveal()).toBe('opensesame');
});
