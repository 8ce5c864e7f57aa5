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
  title: 'Malformed bodies, correctly signed',
  source: 'Specification, "API content type" and "Error codes"',
  cases: [
    body('empty', 'MUST', 'No body at all', () => ''),
    body('text', 'MUST', 'A text that is not JSON', () => 'plaintext=SGVsbG8gV29ybGQh'),
    body('truncated', 'MUST', 'JSON that breaks off', (store) => goodJson(store).slice(0, -1)),
    body('trailing', 'SHOULD', 'JSON with something after it', (store) => `${goodJson(store)}]`),
    body('array', 'MUST', 'A JSON array', (store) => `[${goodJson(store)}]`),
    body('null', 'MUST', 'null', () => 'null'),
    body('number', 'MUST', 'A JSON number', () => '42'),
    body('string', 'MUST', 'A JSON string', (store) => JSON.stringify(goodJson(store))),
    body('brackets', 'MUST', `${NESTED_ARRAYS} opening brackets`, () => '['.repeat(NESTED_ARRAYS)),
    body('prototype', 'MUST', 'The fields under __proto__', (store) => `{"__proto__":${goodJson(store)}}`),
    body('utf-8', 'SHOULD', 'A string that is not UTF-8', (store) =>
      // The text is encoded as Latin-1, so it has the byte 0xff, which UTF-8 never has.
      Buffer.from(goodJson(store).replace('"Encrypt"', '"Encrypt\u00ff"'), 'latin1'),
    ),
    refuses(
      'body-gzip',
      'SHOULD',
      'A compressed body is not inflated',
      ['ValidationException', 'UnsupportedOperationException'],
      ({ store }) =>
        store.send('encrypt', { body: gzipSync(goodJson(store)), headers: [['content-encoding', 'gzip']] }),
    ),
    acceptsOrRefuses(
      'body-nested',
      'SHOULD',
      `An unknown field of ${NESTED_ARRAYS} nested arrays`,
      INVALID,
      (probe) => {
        const nested = `${'['.repeat(NESTED_ARRAYS)}${']'.repeat(NESTED_ARRAYS)}`;
        const text = `${goodJson(probe.store).slice(0, -1)},"nested":${nested}}`;
        return probe.store.send('encrypt', { body: Buffer.from(text) });
      },
    ),
    acceptsOrRefuses('content-type-text', 'SHOULD', 'Content-Type text/plain has a definite answer', INVALID, (probe) =>
      probe.store.call('encrypt', {}, { contentType: 'text/plain' }),
    ),
  ],
};
