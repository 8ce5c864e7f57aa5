import { expect, it } from 'vitest';
import { isSameValue } from '../../../src/config/sameValue.ts';
import { Secret } from '../../../src/secret.ts';

it.each([
  [{ a: 1, b: undefined }, { a: 1 }],
  [{ pin: new Secret('1') }, { pin: new Secret('1') }],
  [[{ a: [1, 2] }], [{ a: [1, 2] }]],
  [Buffer.of(1, 2), Buffer.of(1, 2)],
  [{ slot: 7n }, { slot: 7n }],
  [undefined, undefined],
])('%o is the same as %o', (one, other) => {
  expect([isSameValue(one, other), isSameValue(other, one)]).toEqual([true, true]);
});

it.each([
  [{ a: 1, b: null }, { a: 1 }],
  [{ pin: new Secret('1') }, { pin: new Secret('2') }],
  [new Secret('1'), { secret: '1' }],
  [[1], [1, 2]],
  [[1], [1, undefined]],
  [[], {}],
  [['a'], { 0: 'a' }],
  [Buffer.of(1, 2), Buffer.of(1, 3)],
  [{ slot: 7n }, { slot: 7 }],
  [undefined, {}],
])('%o is not the same as %o', (one, other) => {
  expect([isSameValue(one, other), isSameValue(other, one)]).toEqual([false, false]);
});
