import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replay, type Recording } from '../support/recordedAnswers.ts';

/** The causes that the suite reports for a recorded proxy, each with its cases. */
async function causesOf(name: string): Promise<[string, readonly string[]][]> {
  const text = readFileSync(join(import.meta.dirname, `recordings/${name}.json`), 'utf8');
  const { causes } = await replay(JSON.parse(text) as Recording);
  return causes.map((cause) => [cause.text, cause.cases]);
}

it('finds nothing in the recorded answers of this proxy', async () => {
  expect(await causesOf('own')).toEqual([]);
});

it("finds the causes of the failures in the recorded answers of AWS's sample proxy", async () => {
  expect(await causesOf('sample')).toEqual([
    [
      'Requests that must be refused with AuthenticationFailedException are served',
      ['host-not-signed', 'date-not-signed', 'amz-header-not-signed'],
    ],
    [
      'Requests that must be refused with InvalidCiphertextException or ValidationException are served',
      ['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext'],
    ],
    ['Broken rule "Returns keySpec AES_256 for a 256-bit AES key": keySpec "RSA_0"', ['key-spec']],
    ['Broken rule "Returns keyUsage ENCRYPT and DECRYPT for a key that may do both": keyUsage []', ['key-usage']],
    ['Valid requests are refused with 400 InvalidCiphertextException', ['empty-aad']],
    ['Requests that must be refused with ValidationException are served', ['body-trailing']],
    ['Requests with other spellings of a path are served', ['spelling-query', 'spelling-empty-query']],
    ['Methods other than POST get status 401 instead of 405', ['get-unsigned']],
    ['Broken rule "Returns a version number in xksProxyModel": "RustXksProxy"', ['health-model-version']],
  ]);
});

it('finds few causes for the 161 failed cases in the recorded answers of Cosmian KMS', async () => {
  const causes = await causesOf('cosmian');
  expect(causes.flatMap(([, cases]) => cases)).toHaveLength(161);
  expect(causes.length).toBeLessThan(30);
  expect(causes.slice(0, 7).map(([text, cases]) => `${text}: ${cases.length}`)).toEqual([
    'Requests that must be refused with KeyNotFoundException are served: 4',
    'Requests that must be refused with InvalidCiphertextException or ValidationException are served: 3',
    'Requests that must be refused with AuthenticationFailedException are served: 3',
    'ValidationException is sent with status 401 instead of 400: 59',
    'InvalidCiphertextException is sent with status 401 instead of 400: 17',
    'Errors with status 401 have no errorName of the specification: 15',
    'InternalException is sent instead of ValidationException: 14',
  ]);
});
