import { expect, it } from 'vitest';
import { describeChanges, formatChange } from '../../../src/config/describeChanges.ts';
import { Secret } from '../../../src/secret.ts';

type Change = (configuration: ReturnType<typeof written>) => void;

function config(change: Change = () => undefined): object {
  const made = written();
  change(made);
  return made;
}

function policy(id: string, name: string) {
  return {
    id,
    text: `@id("${id}") permit (principal, action, resource) when { principal has name && principal.name == "${name}" };`,
  };
}

function written() {
  return {
    server: {
      host: '127.0.0.1',
      port: 8443 as number,
      regions: ['us-east-1'],
      drainSeconds: 20,
      tls: { certificate: 'PEM', privateKey: new Secret('key') } as object | undefined,
    },
    log: { level: 'info' },
    keyManagers: [{ name: 'hsm', pkcs11: { pin: new Secret('1234') } }],
    keyStores: [
      {
        name: 'orders',
        quota: undefined as object | undefined,
        policyFile: { file: 'p.cedar', policies: [policy('one', 'x'), policy('two', 'y')] },
        credentials: [{ accessKeyId: 'A', secretAccessKey: new Secret('one') }],
        keys: [
          { id: 'a', status: 'enabled', versions: [{ label: 'a', ciphertextMetadata: Buffer.alloc(0) }] },
          { id: 'b', status: 'enabled', versions: [{ label: 'b', ciphertextMetadata: Buffer.alloc(0) }] },
        ],
      },
    ],
  };
}

it('reports nothing for equal configurations', () => {
  expect(describeChanges(config(), config())).toEqual([]);
});

it.each<[what: string, change: Change, changes: object[]]>([
  [
    'an entry by its name, however the list has moved',
    ({ keyStores: [store] }) => store?.keys.shift(),
    [{ change: 'keyStores.orders.keys.a: removed', needsRestart: false }],
  ],
  [
    'a new entry once, without its contents',
    ({ keyStores: [store] }) => store && (store.quota = { requestsPerSecond: 5, burst: 5 }),
    [{ change: 'keyStores.orders.quota: added', needsRestart: false }],
  ],
  [
    'policies by their @id, and not their text',
    ({ keyStores: [store] }) => store && (store.policyFile.policies = [policy('zero', 'x'), policy('one', 'z')]),
    [
      { change: 'keyStores.orders.policyFile.policies.zero: added', needsRestart: false },
      { change: 'keyStores.orders.policyFile.policies.one.text: changed', needsRestart: false },
      { change: 'keyStores.orders.policyFile.policies.two: removed', needsRestart: false },
    ],
  ],
  [
    'the change of a secret, without its value',
    ({ keyStores: [store] }) => store?.credentials[0] && (store.credentials[0].secretAccessKey = new Secret('two')),
    [{ change: 'keyStores.orders.credentials.A.secretAccessKey: changed', needsRestart: false }],
  ],
  [
    'the order of versions, of which the last one encrypts',
    ({ keyStores: [store] }) => store?.keys[0]?.versions.unshift({ label: 'z', ciphertextMetadata: Buffer.alloc(0) }),
    [{ change: 'keyStores.orders.keys.a.versions: ["a"] to ["z","a"]', needsRestart: false }],
  ],
  [
    'changes that need a restart',
    (made) => {
      made.server.port = 443;
      made.log.level = 'warn';
      made.server.drainSeconds = 30;
      made.server.regions.push('eu-west-1');
    },
    [
      { change: 'server.port: 8443 to 443', needsRestart: true },
      { change: 'server.regions: ["us-east-1"] to ["us-east-1","eu-west-1"]', needsRestart: true },
      { change: 'server.drainSeconds: 20 to 30', needsRestart: false },
      { change: 'log.level: "info" to "warn"', needsRestart: true },
    ],
  ],
  [
    'a certificate, which needs none',
    ({ server }) => (server.tls = { certificate: 'other', privateKey: new Secret('key') }),
    [{ change: 'server.tls.certificate: "PEM" to "other"', needsRestart: false }],
  ],
  [
    'the end of TLS, which needs a restart',
    ({ server }) => (server.tls = undefined),
    [{ change: 'server.tls: removed', needsRestart: true }],
  ],
])('reports %s', (_what, change, changes) => {
  const told = describeChanges(config(), config(change)).map((each) => ({
    change: formatChange(each),
    needsRestart: each.needsRestart,
  }));
  expect(told).toHaveLength(changes.length);
  expect(told).toEqual(expect.arrayContaining(changes));
});
