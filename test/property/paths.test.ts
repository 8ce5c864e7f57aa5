import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePath } from '../../src/xks/path.ts';
import { parsePathBySegments } from '../support/pathGrammar.ts';
import { OTHER_PREFIX, PREFIX } from '../support/signedRequest.ts';
import { errorNameOf, ListeningApp } from './listeningApp.ts';

const app = new ListeningApp();

const segment = fc.oneof(
  fc.constantFrom(
    'kms',
    'xks',
    'v1',
    'keys',
    'foo',
    'health',
    'metadata',
    'encrypt',
    'decrypt',
    '',
    '.',
    '..',
    '%2e',
    'KMS',
  ),
  fc.string({ unit: fc.constantFrom(...Array.from('aZ09-_.~%?#;&=+:@!$,()*[]|^"<>{}\\`')), maxLength: 5 }),
);
const wellFormed = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(PREFIX, OTHER_PREFIX, ''),
      fc.string({ unit: fc.constantFrom(...Array.from('aZ09-_/')), maxLength: 10 }).map((text) => `/${text}`),
    ),
    fc.string({ unit: fc.constantFrom(...Array.from('aZ09-_.')), maxLength: 130 }),
    fc.constantFrom('metadata', 'encrypt', 'decrypt', 'sign'),
    fc.boolean(),
  )
  .map(([prefix, id, operation, health]) => `${prefix}/kms/xks/v1/${health ? 'health' : `keys/${id}/${operation}`}`);
const target = fc.oneof(
  wellFormed,
  fc.array(segment, { maxLength: 12 }).map((segments) => `/${segments.join('/')}`),
  // A well-formed path with a text inserted or a character replaced.
  fc
    .tuple(wellFormed, fc.nat(), fc.constantFrom('', '/', '.', '%', '?', 'é', '\n', '%2F'), fc.nat(1))
    .map(([path, place, text, length]) => {
      const index = place % (path.length + 1);
      return path.slice(0, index) + text + path.slice(index + length);
    }),
);

describe('parsePath', () => {
  it('accepts exactly the grammar', () => {
    fc.assert(
      fc.property(target, (path) => {
        expect(parsePath(path)).toEqual(parsePathBySegments(path));
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('the app', () => {
  it('answers any method on any path, unsigned, with 404, 405 or 401', async () => {
    const sendable = target.filter((path) => /^\/[\x21-\x7e]*$/.test(path));
    // Methods that Node's client does not treat specially.
    const method = fc.constantFrom(
      'POST',
      'POST',
      'GET',
      'HEAD',
      'PUT',
      'DELETE',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
    );
    await fc.assert(
      fc.asyncProperty(method, sendable, fc.string(), async (name, path, body) => {
        const answer = await app.send({ method: name, path, ...(name === 'POST' ? { body } : {}) });
        const found = parsePathBySegments(path);
        if (!found || ![PREFIX, OTHER_PREFIX].includes(found.uriPathPrefix)) {
          expect(answer.status).toBe(404);
          if (name !== 'HEAD') expect(errorNameOf(answer)).toBe('InvalidUriPathException');
        } else if (name !== 'POST') {
          expect(answer).toMatchObject({ status: 405, text: '', headers: { allow: 'POST' } });
        } else {
          expect(errorNameOf(answer)).toBe('AuthenticationFailedException');
        }
      }),
      { numRuns: 750 },
    );
  });
});
