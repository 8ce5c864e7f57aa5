import { describe, expect, it } from 'vitest';
import { boundedJson, cutText } from '../../../src/audit/format/boundedJson.ts';

describe('boundedJson', () => {
  it('changes nothing that fits', () => {
    const value = { text: 'ä€😀', list: [1, null, true], nothing: undefined };
    expect(boundedJson(value, 92)).toBe('{"text":"ä€😀","list":[1,null,true]}');
    expect(boundedJson({}, 2)).toBe('{}');
  });

  it('shortens the longest texts first', () => {
    const value = { short: 's'.repeat(500), long: 'l'.repeat(60_000) };
    expect(JSON.parse(boundedJson(value, 3_000))).toEqual({ short: 's'.repeat(500), long: `${'l'.repeat(2_048)}...` });
    expect(JSON.parse(boundedJson(value, 2_000))).toEqual({ short: 's'.repeat(500), long: `${'l'.repeat(1_024)}...` });
    expect(JSON.parse(boundedJson(value, 200))).toEqual({
      short: `${'s'.repeat(64)}...`,
      long: `${'l'.repeat(64)}...`,
    });
  });

  it('then drops the last entries of lists and maps, and says how many', () => {
    const list = Array.from({ length: 100 }, (_, index) => `entry ${index}`);
    const map = Object.fromEntries(list.map((entry) => [entry, 1]));
    expect(JSON.parse(boundedJson({ list, map, last: true }, 200))).toEqual({
      list: ['entry 0', 'entry 1', 'entry 2', 'entry 3', '... and 96 more'],
      map: { 'entry 0': 1, 'entry 1': 1, 'entry 2': 1, 'entry 3': 1, '...': '... and 96 more' },
      last: true,
    });
    expect(boundedJson({ list, map }, 80)).toBe('{"list":["... and 100 more"],"map":{"...":"... and 100 more"}}');
    expect(() => boundedJson({ list, map }, 20)).toThrow(RangeError);
  });

  it('drops none of its own members, even if their values are long', () => {
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, field) => [`${field}${'\0'.repeat(100)}`, '\0'.repeat(2_000)]),
    );
    const members = Object.fromEntries(Array.from({ length: 22 }, (_, member) => [`member${member}`, 'text']));
    const parsed = JSON.parse(boundedJson({ metadata, ...members, httpStatus: 500 }, 3_900)) as object;
    expect(parsed).toMatchObject({ ...members, httpStatus: 500 });
  });

  it('keeps names distinct if they begin with the same text', () => {
    const names = ['one', 'two', 'three'].map((name) => `${'n'.repeat(3_000)}${name}`);
    const value = { map: Object.fromEntries(names.map((name, index) => [name, index])) };
    const { map } = JSON.parse(boundedJson(value, 7_000)) as { map: object };
    expect(Object.values(map)).toEqual([0, 1, 2]);
  });

  it('cannot change what an object inherits', () => {
    const value = JSON.parse(`{"map":{"__proto__":"${'x'.repeat(3_000)}","other":1}}`) as object;
    expect(boundedJson(value, 200)).toMatch(/^\{"map":\{"__proto__":"x+\.\.\.","other":1\}\}$/);
  });
});

describe('cutText', () => {
  it.each([
    ['', 3, ''],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'abc...'],
    ['ab😀', 3, 'ab...'],
    ['ab😀', 4, 'ab😀'],
    ['ab\ud83d', 2, 'ab...'],
  ])('%j to %d is %j', (text, characters, cut) => {
    expect(cutText(text, characters)).toBe(cut);
  });
});
