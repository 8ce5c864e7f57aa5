import { randomBytes } from 'node:crypto';
import { refuses, seal, sealedFields } from '../caseBuilders.ts';
import { NotRun, type ConformanceCase, type Section } from '../conformanceCase.ts';
import { expectSuccess } from '../expectations.ts';
import type { KeyStoreClient } from '../../xksClient/keyStoreClient.ts';
import type { Probe } from '../probe.ts';

/** Throws NotRun if both key stores use the same key id, because such an id may name the same key of the key manager. */
function withTwoKeys({ store }: Probe, second: KeyStoreClient): void {
  if (store.keyStore.keyId === second.keyStore.keyId) throw new NotRun('needs a --second-key that differs from --key');
}

const refusesCredential = (id: string, title: string, order: (probe: Probe) => [KeyStoreClient, KeyStoreClient]) =>
  refuses(id, 'MUST', title, ['AuthenticationFailedException'], (probe) => {
    const [store, other] = order(probe);
    return store.call('metadata', {}, { signing: { credential: other.keyStore.credential } });
  });

const secondWorks: ConformanceCase = {
  id: 'second-store',
  level: 'MUST',
  title: 'Serves the second key store with its own credential and key',
  expected: '200',
  async run(probe) {
    expectSuccess(await probe.secondStore().call('metadata'));
  },
};

export const isolation: Section = {
  name: 'isolation',
  title: 'Isolation of two key stores',
  source: 'Specification, "API operations": path prefixes support "multiple isolated customers"',
  cases: [
    secondWorks,
    refusesCredential(
      'first-credential-on-second',
      "the first key store's credential on the second key store's path",
      (probe) => [probe.secondStore(), probe.store],
    ),
    refusesCredential(
      'second-credential-on-first',
      "the second key store's credential on the first key store's path",
      (probe) => [probe.store, probe.secondStore()],
    ),
    refuses(
      'key-of-other-store',
      'MUST',
      "the first key store's key in the second key store",
      ['KeyNotFoundException'],
      (probe) => {
        const second = probe.secondStore();
        withTwoKeys(probe, second);
        return second.call('encrypt', {}, { keyId: probe.store.keyStore.keyId });
      },
    ),
    refuses(
      'ciphertext-of-other-store',
      'MUST',
      "a ciphertext of the first key store's key in the second key store",
      ['InvalidCiphertextException'],
      async (probe) => {
        const second = probe.secondStore();
        withTwoKeys(probe, second);
        return second.call('decrypt', sealedFields(await seal(probe.store, randomBytes(32))));
      },
    ),
  ],
};
