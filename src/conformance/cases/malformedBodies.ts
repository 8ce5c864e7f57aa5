import { gzipSync } from 'node:zlib';
import type { XksErrorName } from '../../xks/errors.ts';
import { acceptsOrRefuses, refuses } from '../caseBuilders.ts';
import type { Level, Section } from '../conformanceCase.ts';
import type { KeyStoreClient } from '../../xksClient/keyStoreClient.ts';

const INVALID: readonly XksErrorName[] = ['ValidationException'];
const NESTED_ARRAYS = 20_000;

const body = (id: string, level: Level, title: string, make: (store: KeyStoreClient) => Uint8Array | string) =>
  refuses(`body-${id}`, level, title, INVALID, ({ store }) =>
    store.send('encrypt', { body: Buffer.from(make(store)) }),
  );

const goodJson = (store: KeyStoreClient) => JSON.stringify(store.goodBody('encrypt'));

export const malformedBodies: Section = {
  name: 'malformed-bodies',
  title: 'Malformed bodies with valid signatures',
  source: 'Specification, "API content type" and "Error codes"',
  cases: [
    body('empty', 'MUST', 'an empty body', () => ''),
    body('text', 'MUST', 'a body that is not JSON', () => 'plaintext=SGVsbG8gV29ybGQh'),
    body('truncated', 'MUST', 'a body with truncated JSON', (store) => goodJson(store).slice(0, -1)),
    body('trailing', 'SHOULD', 'a body with a character after its JSON', (store) => `${goodJson(store)}]`),
    body('array', 'MUST', 'a body that is a JSON array', (store) => `[${goodJson(store)}]`),
    body('null', 'MUST', 'a body that is the JSON value null', () => 'null'),
    body('number', 'MUST', 'a body that is a JSON number', () => '42'),
    body('string', 'MUST', 'a body that is a JSON string', (store) => JSON.stringify(goodJson(store))),
    body('brackets', 'MUST', `a body of ${NESTED_ARRAYS} opening brackets`, () => '['.repeat(NESTED_ARRAYS)),
    body('prototype', 'MUST', 'a body with its fields under __proto__', (store) => `{"__proto__":${goodJson(store)}}`),
    body('utf-8', 'SHOULD', 'a body that is not UTF-8', (store) =>
      // The text is encoded as Latin-1, so it has the byte 0xff, which UTF-8 never has.
      Buffer.from(goodJson(store).replace('"Encrypt"', '"Encrypt\u00ff"'), 'latin1'),
    ),
    refuses(
      'body-gzip',
      'SHOULD',
      'a compressed body',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) =>
        store.send('encrypt', { body: gzipSync(goodJson(store)), headers: [['content-encoding', 'gzip']] }),
    ),
    acceptsOrRefuses(
      'body-nested',
      'SHOULD',
      `an unknown field of ${NESTED_ARRAYS} nested arrays`,
      INVALID,
      (probe) => {
        const nested = `${'['.repeat(NESTED_ARRAYS)}${']'.repeat(NESTED_ARRAYS)}`;
        const text = `${goodJson(probe.store).slice(0, -1)},"nested":${nested}}`;
        return probe.store.send('encrypt', { body: Buffer.from(text) });
      },
    ),
    acceptsOrRefuses('content-type-text', 'SHOULD', 'the Content-Type text/plain', INVALID, (probe) =>
      probe.store.call('encrypt', {}, { contentType: 'text/plain' }),
    ),
  ],
};
