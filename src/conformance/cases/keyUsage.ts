import { randomBytes } from 'node:crypto';
import type { XksErrorName } from '../../xks/errors.ts';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import type { ConformanceCase, Section } from '../conformanceCase.ts';
import { errorNameOf } from '../errorNameOf.ts';
import { describeValue, expectError, expectSuccess, expectThat } from '../expectations.ts';
import type { OptionalKeys } from '../../xksClient/target.ts';

const WRONG_USAGE: readonly XksErrorName[] = ['InvalidKeyUsageException'];
const BLOCKED: readonly XksErrorName[] = ['InvalidStateException'];
const WITH_CDIV = { ciphertextDataIntegrityValueAlgorithm: 'SHA_256' };

function reportsUsage(kind: keyof OptionalKeys, what: string, encrypts: boolean, decrypts: boolean): ConformanceCase {
  return {
    id: `${kind}-usage`,
    level: 'MUST',
    title: `Returns the right keyUsage for a key that may ${what}`,
    expected: `keyUsage ${encrypts ? 'with' : 'without'} ENCRYPT and ${decrypts ? 'with' : 'without'} DECRYPT`,
    async run(probe) {
      const { keyUsage } = expectSuccess(await probe.store.call('metadata', {}, { keyId: probe.key(kind) }));
      const usages: readonly unknown[] = Array.isArray(keyUsage) ? keyUsage : [];
      const right = usages.includes('ENCRYPT') === encrypts && usages.includes('DECRYPT') === decrypts;
      expectThat(right, `keyUsage ${describeValue(keyUsage)}`);
    },
  };
}

const refusesEncrypt = (kind: keyof OptionalKeys, names: readonly XksErrorName[], title: string) =>
  refuses(`${kind}-encrypt`, 'MUST', title, names, (probe) =>
    probe.store.call('encrypt', {}, { keyId: probe.key(kind) }),
  );

const refusesDecrypt = (kind: keyof OptionalKeys, names: readonly XksErrorName[], title: string) =>
  refuses(`${kind}-decrypt`, 'MUST', title, names, (probe) =>
    probe.store.call('decrypt', {}, { keyId: probe.key(kind) }),
  );

export const keyUsage: Section = {
  name: 'key-usage',
  title: 'Key usage and key status',
  source: 'Specification, "GetKeyMetadata" and "Error codes"',
  cases: [
    reportsUsage('encryptOnly', 'only encrypt', true, false),
    refuses('encryptOnly-decrypt', 'MUST', 'Decrypt with a key that may only encrypt', WRONG_USAGE, async (probe) => {
      const keyId = probe.key('encryptOnly');
      const sealed = await seal(probe.store, randomBytes(16), {}, { keyId });
      return probe.store.call('decrypt', sealedFields(sealed), { keyId });
    }),
    refuses(
      'encryptOnly-cdiv',
      'MUST',
      'Encrypt with a CDIV and a key that may only encrypt, because such a CDIV cannot be verified',
      WRONG_USAGE,
      (probe) => probe.store.call('encrypt', WITH_CDIV, { keyId: probe.key('encryptOnly') }),
    ),
    reportsUsage('decryptOnly', 'only decrypt', false, true),
    refusesEncrypt('decryptOnly', WRONG_USAGE, 'Encrypt with a key that may only decrypt'),
    refusesDecrypt(
      'decryptOnly',
      ['InvalidCiphertextException'],
      'Decrypt of a corrupt ciphertext with a key that may only decrypt',
    ),
    reportsUsage('noUsage', 'neither encrypt nor decrypt', false, false),
    refusesEncrypt('noUsage', WRONG_USAGE, 'Encrypt with a key that may neither encrypt nor decrypt'),
    refusesDecrypt('noUsage', WRONG_USAGE, 'Decrypt with a key that may neither encrypt nor decrypt'),
    refusesEncrypt('blocked', BLOCKED, 'Encrypt with a blocked key'),
    refusesDecrypt('blocked', BLOCKED, 'Decrypt with a blocked key'),
    {
      id: 'blocked-status',
      level: 'MUST',
      title: 'Reports a blocked key as disabled, or refuses GetKeyMetadata for it',
      expected: 'keyStatus DISABLED, or 400 InvalidStateException',
      async run(probe) {
        const answer = await probe.store.call('metadata', {}, { keyId: probe.key('blocked') });
        if (errorNameOf(answer)) {
          expectError(answer, BLOCKED);
        } else {
          const { keyStatus } = expectSuccess(answer);
          expectThat(keyStatus === 'DISABLED', `keyStatus ${describeValue(keyStatus)}`);
        }
      },
    },
  ],
};
