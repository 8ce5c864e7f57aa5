import { describe, expect, it } from 'vitest';
import { paginate } from '../../../src/kms/operations/paginate.ts';

const ids = ['a', 'b', 'c', 'd', 'e'];
const itself = (id: string): string => id;

describe('pages', () => {
  it('follow each other, each item once', () => {
    const first = paginate(ids, { Limit: 2 }, itself);
    expect(first).toEqual({ page: ['a', 'b'], Truncated: true, NextMarker: expect.any(String) as string });
    const second = paginate(ids, { Limit: 2, Marker: first.NextMarker }, itself);
    expect(second).toEqual({ page: ['c', 'd'], Truncated: true, NextMarker: expect.any(String) as string });
    expect(paginate(ids, { Limit: 2, Marker: second.NextMarker }, itself)).toEqual({ page: ['e'], Truncated: false });
  });

  it('end without a marker, even if the last one is full', () => {
    expect(paginate(ids, { Limit: 5 }, itself)).toEqual({ page: ids, Truncated: false });
    expect(paginate([], {}, itself)).toEqual({ page: [], Truncated: false });
  });

  it('have 100 items by default', () => {
    const many = Array.from({ length: 101 }, (_, index) => String(index).padStart(3, '0'));
    expect(paginate(many, {}, itself)).toMatchObject({ page: { length: 100 }, Truncated: true });
  });

  it('continue after an item was removed', () => {
    const { NextMarker } = paginate(ids, { Limit: 2 }, itself);
    expect(paginate(['a', 'c', 'd'], { Marker: NextMarker }, itself)).toEqual({ page: ['c', 'd'], Truncated: false });
  });

  it('continue after an id with a line separator, which tag keys may have', () => {
    const { NextMarker } = paginate(['a\u2028', 'b'], { Limit: 1 }, itself);
    expect(paginate(['a\u2028', 'b'], { Marker: NextMarker }, itself)).toEqual({ page: ['b'], Truncated: false });
  });

  it('with the longest id have a marker that the next request accepts', () => {
    const { NextMarker = '' } = paginate(['a'.repeat(256), 'b'], { Limit: 1 }, itself);
    expect(NextMarker.length).toBeLessThanOrEqual(1024);
  });
});

it.each([
  'a',
  '!!',
  'after a',
  `${Buffer.from('after a').toString('base64url')}=`,
  Buffer.from('after ').toString('hex'),
])('another marker is refused: %s', (Marker) => {
  expect(() => paginate(ids, { Marker }, itself)).toThrow(
    expect.objectContaining({ errorName: 'InvalidMarkerException', message: 'Marker is not valid.' }),
  );
});
