import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/xks/parseJson.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

it('reads any object as JSON.parse does', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(undefined, 2, '\t\r\n'),
      (object, blanks) => {
        const text = JSON.stringify(object, undefined, blanks);
        expect(parse(text)).toEqual(JSON.parse(text));
      },
    ),
  );
});

describe('accepts, for unique fields,', () => {
  it.each([
    ['strings with colons, quotes and backslashes', String.raw`{"a:\"b\":":"\\","c":"\\\":\"","d\\":":{:"}`],
    ['one name in several objects', '{"a":{"a":[{"a":1},{"a":1}]}}'],
    ['names that differ in case', '{"a":1,"A":1}'],
    ['names that look alike', '{"\u00e9":1,"e\u0301":1}'],
    ['names of prototypes', '{"__proto__":{"__proto__":1},"constructor":1,"toString":1}'],
    ['no fields', ' { } '],
    ['many objects in one another', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ])('%s', (_what, text) => {
    expect(Object.keys(parse(text))).toEqual(Object.keys(JSON.parse(text) as object));
  });
});

describe('refuses a duplicate field:', () => {
  it.each([
    ['with one value', '{"a":1,"a":1}'],
    ['not next to each other', '{"a":1,"b":{"c":"\\\\"},"a":2}'],
    ['with blanks around', '{ "a" : 1 ,\n"a"\t: 2 }'],
    ['with an escape', String.raw`{"a":1,"\u0061":1}`],
    ['with an escaped quote', String.raw`{"\"":1,"\u0022":1}`],
    ['with a surrogate pair in two spellings', String.raw`{"😀":1,"\ud83d\ude00":1}`],
    ['with an index for a name', '{"0":1,"0":1}'],
    ['with an empty name', '{"":1,"":1}'],
    ['__proto__', '{"__proto__":1,"__proto__":1}'],
    ['__proto__ of objects', '{"__proto__":{"a":1},"__proto__":{"b":1}}'],
    ['in an object', '{"a":{"b":1,"b":1}}'],
    ['in an array', '{"a":[[{"b":1,"b":1}]]}'],
    ['in a value that is dropped', '{"a":{"b":1,"b":1},"a":2}'],
    ['whose second value has more fields', '{"a":1,"a":{"b":1,"c":2}}'],
    ['deep in objects', `${'{"a":'.repeat(20_000)}{"b":1,"b":1}${'}'.repeat(20_000)}`],
  ])('%s', (_what, text) => {
    expect(() => parse(text)).toThrow('The request body has a field twice.');
  });

  it('at any place', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, fc.nat(), fc.array(fc.boolean()), (fields, place, inArrays) => {
        const name = JSON.stringify(Object.keys(fields)[place % Object.keys(fields).length]);
        // A function, because `$$` in a text means `$`.
        const twice = JSON.stringify(fields).replace('{', () => `{${name}:{},`);
        const text = inArrays.reduce((inner, isArray) => (isArray ? `[${inner}]` : `{"x":${inner}}`), twice);
        expect(() => parse(`{"y":${text}}`)).toThrow('The request body has a field twice.');
      }),
    );
  });
});
