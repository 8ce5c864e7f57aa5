import type { Section } from '../conformanceCase.ts';
import { describeValue, expectSuccess, expectThat } from '../expectations.ts';

export const keyMetadata: Section = {
  name: 'key-metadata',
  title: 'GetKeyMetadata',
  source: 'Specification, "GetKeyMetadata"',
  cases: [
    {
      id: 'key-spec',
      level: 'MUST',
      title: 'keySpec of a 256-bit AES key',
      expected: 'keySpec AES_256; KMS refuses any other',
      async run({ store }) {
        const { keySpec } = expectSuccess(await store.call('metadata'));
        expectThat(keySpec === 'AES_256', `keySpec ${describeValue(keySpec)}`);
      },
    },
    {
      id: 'key-usage',
      level: 'MUST',
      title: 'keyUsage of a key that encrypts and decrypts',
      expected: 'at most ten texts, ENCRYPT and DECRYPT among them',
      async run({ store }) {
        const { keyUsage } = expectSuccess(await store.call('metadata'));
        const usages: readonly unknown[] = Array.isArray(keyUsage) ? keyUsage : [];
        const good = usages.length <= 10 && usages.every((usage) => typeof usage === 'string');
        expectThat(
          good && usages.includes('ENCRYPT') && usages.includes('DECRYPT'),
          `keyUsage ${describeValue(keyUsage)}`,
        );
      },
    },
    {
      id: 'key-status',
      level: 'MUST',
      title: 'keyStatus of a key in use',
      expected: 'keyStatus ENABLED',
      async run({ store }) {
        const { keyStatus } = expectSuccess(await store.call('metadata'));
        expectThat(keyStatus === 'ENABLED', `keyStatus ${describeValue(keyStatus)}`);
      },
    },
  ],
};
