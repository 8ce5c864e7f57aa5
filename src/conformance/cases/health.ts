import { accepts, refuses } from '../caseBuilders.ts';
import type { Section } from '../conformanceCase.ts';
import { describeValue, expectSuccess, expectThat } from '../expectations.ts';
import type { JsonObject } from '../../xksClient/keyStoreClient.ts';

const STATUSES: readonly unknown[] = ['ACTIVE', 'DEGRADED', 'UNAVAILABLE'];
const OPERATIONS = ['CreateCustomKeyStore', 'ConnectCustomKeyStore', 'UpdateCustomKeyStore', 'KmsHealthCheck'];

export const health: Section = {
  name: 'health',
  title: 'GetHealthStatus',
  source: 'Specification, "GetHealthStatus"',
  cases: [
    ...[...OPERATIONS, 'CheckOfTheFuture'].map((kmsOperation) =>
      accepts(`health-for-${kmsOperation}`, 'MUST', `GetHealthStatus on behalf of ${kmsOperation}`, ({ store }) =>
        store.callWithMetadata('health', { kmsOperation }),
      ),
    ),
    accepts(
      'health-unknown-fields',
      'MUST',
      'GetHealthStatus with an unknown field, which a later KMS may send',
      ({ store }) => store.callWithMetadata('health', { sourceIdentity: 'Alice' }),
    ),
    accepts('health-opaque-request-id', 'MUST', 'GetHealthStatus with a kmsRequestId that is not a UUID', ({ store }) =>
      store.callWithMetadata('health', { kmsRequestId: 'not a UUID' }),
    ),
    {
      id: 'health-fleet-size',
      level: 'MUST',
      title: 'Returns a positive integer as xksProxyFleetSize',
      expected: 'an integer of 1 or more',
      async run({ store }) {
        const { xksProxyFleetSize: size } = expectSuccess(await store.call('health'));
        expectThat(Number.isInteger(size) && (size as number) > 0, describeValue(size));
      },
    },
    {
      id: 'health-names',
      level: 'MUST',
      title: 'Names the vendors and the model',
      expected: 'strings for xksProxyVendor, xksProxyModel and ekmVendor, none of them empty',
      async run({ store }) {
        const fields = expectSuccess(await store.call('health'));
        for (const name of ['xksProxyVendor', 'xksProxyModel', 'ekmVendor']) {
          expectThat(isText(fields[name]), `${name} ${describeValue(fields[name])}`);
        }
      },
    },
    {
      id: 'health-model-version',
      level: 'SHOULD',
      title: 'Returns a version number in xksProxyModel',
      expected: 'a string that contains a version number',
      async run({ store }) {
        const { xksProxyModel: model } = expectSuccess(await store.call('health'));
        expectThat(typeof model === 'string' && /\d/.test(model), describeValue(model));
      },
    },
    {
      id: 'health-fleet-details',
      level: 'MUST',
      title: 'Describes one to ten key managers in ekmFleetDetails',
      expected: '1 to 10 entries with strings for id and model, and healthStatus ACTIVE, DEGRADED or UNAVAILABLE',
      async run({ store }) {
        const { ekmFleetDetails: details } = expectSuccess(await store.call('health'));
        expectThat(Array.isArray(details), 'ekmFleetDetails is not an array');
        const entries = details as readonly (JsonObject | null)[];
        expectThat(entries.length >= 1 && entries.length <= 10, `${entries.length} entries`);
        for (const entry of entries) {
          const { id, model, healthStatus } = entry ?? {};
          const good = isText(id) && isText(model) && STATUSES.includes(healthStatus);
          expectThat(good, `the entry ${describeValue(entry)}`);
        }
      },
    },
    // The specification does not list ValidationException for health, but AWS's public test client expects it.
    refuses(
      'health-no-metadata',
      'SHOULD',
      'GetHealthStatus without requestMetadata',
      ['ValidationException'],
      ({ store }) => store.call('health', { requestMetadata: undefined }),
    ),
    refuses(
      'health-empty-metadata',
      'SHOULD',
      'GetHealthStatus with an empty requestMetadata',
      ['ValidationException'],
      ({ store }) => store.call('health', { requestMetadata: {} }),
    ),
  ],
};

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0;
}
