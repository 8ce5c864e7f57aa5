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
      'Requests are served that must be refused with AuthenticationFailedException',
      ['host-not-signed', 'date-not-signed', 'amz-header-not-signed'],
    ],
    [
      'Requests are served that must be refused with InvalidCiphertextException or ValidationException',
      ['ciphertext-moved-to-tag', 'tag-moved-to-ciphertext'],
    ],
    ['keySpec of a 256-bit AES key: keySpec "RSA_0"', ['key-spec']],
    ['keyUsage of a key that encrypts and decrypts: keyUsage []', ['key-usage']],
    ['Valid requests are refused with 400 InvalidCiphertextException', ['empty-aad']],
    ['Requests are served that must be refused with ValidationException', ['body-trailing']],
    ['Other spellings of a path are served', ['spelling-query', 'spelling-empty-query']],
    ['Other methods than POST get 401 instead of 405', ['get-unsigned']],
    ['xksProxyModel gives name and version of the product: "RustXksProxy"', ['health-model-version']],
  ]);
});

it('finds few causes for the 161 failed cases in the recorded answers of Cosmian KMS', async () => {
  const causes = await causesOf('cosmian');
  expect(causes.flatMap(([, cases]) => cases)).toHaveLength(161);
  expect(causes.length).toBeLessThan(30);
  expect(causes.slice(0, 7).map(([text, cases]) => `${text}: ${cases.length}`)).toEqual([
    'Requests are served that must be refused with KeyNotFoundException: 4',
    'Requests are served that must be refused with InvalidCiphertextException or ValidationException: 3',
    'Requests are served that must be refused with AuthenticationFailedException: 3',
    'ValidationException comes with 401 instead of 400: 59',
    'InvalidCiphertextException comes with 401 instead of 400: 17',
    'Errors with 401 have no errorName of the specification: 15',
    'InternalException comes instead of ValidationException: 14',
  ]);
});
