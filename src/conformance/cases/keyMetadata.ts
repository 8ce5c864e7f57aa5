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
      title: 'Returns keySpec AES_256 for a 256-bit AES key',
      expected: 'keySpec AES_256, because KMS refuses any other',
      async run({ store }) {
        const { keySpec } = expectSuccess(await store.call('metadata'));
        expectThat(keySpec === 'AES_256', `keySpec ${describeValue(keySpec)}`);
      },
    },
    {
      id: 'key-usage',
      level: 'MUST',
      title: 'Returns keyUsage ENCRYPT and DECRYPT for a key that may do both',
      expected: 'at most ten strings, including ENCRYPT and DECRYPT',
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
      title: 'Returns keyStatus ENABLED for a key in use',
      expected: 'keyStatus ENABLED',
      async run({ store }) {
        const { keyStatus } = expectSuccess(await store.call('metadata'));
        expectThat(keyStatus === 'ENABLED', `keyStatus ${describeValue(keyStatus)}`);
      },
    },
  ],
};
