import { X509Certificate } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { configJsonSchema } from '../../../src/config/schema/configJsonSchema.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { testCertificates } from '../../support/certificates.ts';
import { EXAMPLE, EXAMPLE_ENV, EXAMPLE_FILES, EXAMPLE_POLICY, WHOLE_EXAMPLE } from '../../support/exampleConfig.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import {
  changedConfig,
  CONFIG_FILES,
  CONFIG_SECRET,
  loadWritten,
  problemsOf,
  validConfig,
} from '../../support/validConfig.ts';

const SHA256_PAYMENTS_1 = '874a74e096907127';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly deprecated?: boolean;
}

/** The paths of all allowed keys of a configuration, without old names. List entries are not numbered. */
function keysOfSchema({ properties = {}, items }: JsonSchema, path = ''): string[] {
  const current = Object.entries(properties).filter(([, { deprecated }]) => !deprecated);
  const parts = current.flatMap(([key, part]) => [path + key, ...keysOfSchema(part, `${path}${key}.`)]);
  return items ? keysOfSchema(items, path) : parts;
}

/** The paths of all keys in a configuration. */
function keysOfValue(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => keysOfValue(entry, path));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [path + key, ...keysOfValue(part, `${path}${key}.`)]);
}

function withClientAuth(clientAuth: object): unknown {
  const tls = { certificateFile: 'server.crt', privateKeyFile: 'server.key', clientAuth };
  return changedConfig(({ server }) => Object.assign(server, { tls }));
}

describe('a valid configuration', () => {
  it('is filled with defaults', () => {
    const { config, warnings } = loadWritten(validConfig());
    expect(warnings).toEqual([]);
    expect(config.server).toMatchObject({ host: '0.0.0.0', port: 8443, drainSeconds: 20, insecureHttp: false });
    expect(config.log).toEqual({ level: 'info', requests: 'all' });
    expect(config.keyManagers[0]?.pkcs11).toMatchObject({
      sessions: 8,
      isolation: 'none',
      iv: 'random',
      gcmParameters: 'v2.40',
      healthKey: 'xks-health',
      timeoutMs: 200,
    });
    expect(config.keyStores[0]?.keys).toEqual([
      {
        id: 'foo',
        versions: [{ label: 'foo', decryptOnly: false, ciphertextMetadata: Buffer.alloc(0) }],
        status: 'enabled',
        tags: {},
      },
    ]);
  });

  it('has its secrets read, without the line end, and unprintable', () => {
    const { config } = loadWritten(validConfig());
    expect(config.keyManagers[0]?.pkcs11.pin.reveal()).toBe('123456');
    expect(config.keyStores[0]?.credentials[0]?.secretAccessKey.reveal()).toBe(CONFIG_SECRET);
    const printed = inspect(config, { depth: 10 }) + JSON.stringify(config);
    for (const secret of ['123456', CONFIG_SECRET, 'PRIVATE KEY']) expect(printed).not.toContain(secret);
  });

  it('names the versions of a key by their labels', () => {
    const written = changedConfig(({ keyStores: [store] }) => {
      store?.keys.push({ id: 'payments', versions: [{ label: 'payments-1' }, { label: 'payments-2' }] } as {
        id: string;
      });
    });
    const [one, two] = loadWritten(written).config.keyStores[0]?.keys[1]?.versions ?? [];
    // printf payments-1 | sha256sum
    expect(one).toEqual({
      label: 'payments-1',
      decryptOnly: false,
      ciphertextMetadata: Buffer.from(`01${SHA256_PAYMENTS_1}`, 'hex'),
    });
    expect(two?.ciphertextMetadata).toHaveLength(9);
    expect(two?.ciphertextMetadata).not.toEqual(one?.ciphertextMetadata);
  });

  it('may take a secret from the environment', () => {
    const written = changedConfig(({ keyManagers: [manager] }) => {
      if (manager) manager.pkcs11.pin = { env: 'PIN' };
    });
    expect(loadWritten(written, {}, { PIN: '42' }).config.keyManagers[0]?.pkcs11.pin.reveal()).toBe('42');
  });

  it('is deeply frozen', () => {
    const { config } = loadWritten(validConfig());
    expect(() => Object.assign(config.keyStores[0]?.keys[0] ?? {}, { status: 'blocked' })).toThrow(TypeError);
  });

  it('has a warning about a private key that everyone may read', () => {
    const folder = temporaryFolder({ ...CONFIG_FILES, 'config.yaml': stringify(validConfig()) });
    chmodSync(join(folder, 'server.key'), 0o644);
    expect(loadConfig(join(folder, 'config.yaml'), {}).warnings).toEqual([
      expect.stringMatching(
        /^server\.tls\.privateKeyFile \(line 6\): everyone may read or write it; run: chmod o-rwx /,
      ) as string,
    ]);
  });
});

it('has a warning about external keys that are one key in the token', () => {
  const { warnings } = loadWritten(
    changedConfig(({ keyStores: [store] }) => {
      store?.keys.push({ id: 'alias', label: 'foo' } as { id: string }, { id: 'xks-health' });
    }),
  );
  expect(warnings).toEqual([
    'keyStores[0].keys[1] (line 26): is the same key in the token as keyStores[0].keys[0]; give each a key of its own',
    'keyStores[0].keys[2] (line 28): is the same key in the token as keyManagers[0].pkcs11.healthKey; give each a key of its own',
  ]);
});

describe('the commented example is valid', () => {
  it('without changes', () => {
    const { config } = loadWritten(EXAMPLE, EXAMPLE_FILES, EXAMPLE_ENV);
    expect(config.keyStores[0]?.credentials).toHaveLength(2);
  });

  it('with every key', () => {
    const written = new Set(keysOfValue(parse(WHOLE_EXAMPLE)));
    const missing = keysOfSchema(configJsonSchema()).filter((key) => !written.has(key));
    // Only one of several keys can be set, and the comments name the others.
    expect(missing).toEqual([
      'audit.key.env',
      'keyManagers.pkcs11.token.serial',
      'keyManagers.pkcs11.token.slot',
      'keyManagers.pkcs11.pin.env',
    ]);
    expect(WHOLE_EXAMPLE).toContain('# exactly one of label, serial, slot ');
    expect(WHOLE_EXAMPLE).toContain('# Where the keys are. Every secret is a reference, {file: ...} or {env: ...}');
  });

  it('with the settings that it omits', () => {
    const { config } = loadWritten(WHOLE_EXAMPLE, EXAMPLE_FILES, EXAMPLE_ENV);
    expect(config.server.tls?.clientAuth).toEqual({
      ca: new X509Certificate(testCertificates.ca.certificate).toString(),
      commonNames: ['cks.kms.us-east-1.amazonaws.com'],
    });
    expect(config.keyStores[0]).toMatchObject({
      quota: { requestsPerSecond: 1800, burst: 1800 },
      policyFile: { file: 'example.cedar', policies: [{ id: 'everyone', text: EXAMPLE_POLICY }] },
      decryptAlso: 'aws-sample-proxy',
    });
    expect(config.keyStores[0]?.keys[1]?.tags).toEqual({ team: 'billing' });
  });
});

describe('problems', () => {
  it('are reported together, each with its path and the given value', () => {
    const problems = problemsOf(
      changedConfig((config) => {
        config.server = { port: 'https', insecureHttp: true, colour: 'red' };
        const [manager] = config.keyManagers;
        const [store] = config.keyStores;
        if (!manager || !store) return;
        manager.pkcs11.token = { label: 'a', slot: 1 };
        manager.pkcs11.pin = 123456;
        store.uriPathPrefix = '/example/';
        store.keyManagers = ['luna'];
        store.credentials.push({ accessKeyId: 'short', secretAccessKey: CONFIG_SECRET });
        store.keys.push({ id: 'foo' }, { id: '..' });
        config.keyStores.push({ ...store, name: 'other' });
      }),
    );
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^server\.port: .*\(given: "https"\)$/),
        'server.regions: is missing; it must be a list',
        'server: has an unknown key "colour"',
        'keyManagers[0].pkcs11.token: must have exactly one of label, serial, slot; it has label, slot (given: a map)',
        'keyManagers[0].pkcs11.pin: must be a reference, {file: ...} or {env: ...}: a secret is never written into the configuration',
        expect.stringMatching(/^keyStores\[0\]\.uriPathPrefix: must be .*\(given: "\/example\/"\)$/),
        'keyStores[0].keyManagers[0]: names no key manager of this file (given: "luna")',
        'keyStores[0].credentials[1].accessKeyId: must be 20 to 30 characters of A-Z2-7',
        expect.stringMatching(/^keyStores\[0\]\.credentials\[1\]\.secretAccessKey: must be a reference/),
        'keyStores[0].keys[1].id: is the same as keyStores[0].keys[0].id',
        expect.stringMatching(/^keyStores\[0\]\.keys\[2\]\.id: .*\(given: "\.\."\)$/),
        'keyStores[1].uriPathPrefix: is the same as keyStores[0].uriPathPrefix',
        'keyStores[1].credentials[0].accessKeyId: is the same as keyStores[0].credentials[0].accessKeyId',
      ]),
    );
    expect(problems.join()).not.toContain('123456');
  });

  it.each<[string, unknown, RegExp]>([
    ['no tls', changedConfig((config) => (config.server = { regions: ['us-east-1'] })), /^server\.tls: is missing/],
    [
      'tls beside insecureHttp',
      changedConfig((config) => Object.assign(config.server, { insecureHttp: true })),
      /^server\.insecureHttp: is true although tls is set/,
    ],
    [
      'another certificate than key',
      changedConfig((config) =>
        Object.assign(config.server, { tls: { certificateFile: 'server.crt', privateKeyFile: 'secret' } }),
      ),
      /^server\.tls\.privateKeyFile: secret: holds no usable PEM private key/,
    ],
    [
      'a client CA file without a certificate',
      withClientAuth({ caFile: 'secret', commonNames: ['cn'] }),
      /^server\.tls\.clientAuth\.caFile: secret: holds no PEM certificate/,
    ],
    [
      'mTLS that would admit no client',
      withClientAuth({ caFile: 'server.crt', commonNames: [] }),
      /^server\.tls\.clientAuth\.commonNames: must name at least one/,
    ],
    [
      'VPC endpoints without the PROXY header that names them',
      changedConfig(({ server }) =>
        Object.assign(server, { proxyProtocol: { vpcEndpointIds: ['vpce-0123456789abcdef0'] } }),
      ),
      /^server\.proxyProtocol\.vpcEndpointIds: needs enabled: true/,
    ],
    [
      'no workers',
      changedConfig(({ server }) => Object.assign(server, { workers: 'many' })),
      /^server\.workers: must be a number/,
    ],
    [
      'a quota of zero',
      changedConfig(({ keyStores: [s] }) => s && Object.assign(s, { quota: { requestsPerSecond: 0 } })),
      /^keyStores\[0\]\.quota\.requestsPerSecond: /,
    ],
    [
      'a missing file',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { file: 'gone' })),
      /^keyManagers\[0\]\.pkcs11\.pin: names a file in \S+ that cannot be read \(ENOENT\)/,
    ],
    [
      'a missing file of an absolute name, as systemd gives a credential',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { file: `${tmpdir()}/gone.service/pin` })),
      /^keyManagers\[0\]\.pkcs11\.pin: names \/\S+\/gone\.service\/pin, which cannot be read \(ENOENT\)/,
    ],
    [
      'a missing file whose name may be the secret',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { file: '/gone/5a3c/r3t' })),
      /^keyManagers\[0\]\.pkcs11\.pin: names a file that cannot be read \(ENOENT\); its name is not shown/,
    ],
    [
      'an unset variable',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { env: 'GONE' })),
      /pin: names an environment variable that is not set; its name is not shown/,
    ],
    [
      'two references at once',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { env: 'A', file: 'pin' })),
      /pin: must have exactly one of file, env/,
    ],
    [
      'a missing module',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.module = 'gone.so')),
      /module: names .*gone\.so, which does not exist/,
    ],
    [
      'a module that is a folder',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.module = '.')),
      /module: names .*, which is not a file; name the library of the HSM itself/,
    ],
    [
      'a module that cannot be read',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.module = 'long'.repeat(80))),
      /module: names .*longlong, which cannot be read \(ENAMETOOLONG\)/,
    ],
    [
      'a secret with another shape',
      changedConfig(({ keyStores: [s] }) => s?.credentials[0] && (s.credentials[0].secretAccessKey = { file: 'pin' })),
      /secretAccessKey: must hold 43 to 64 characters/,
    ],
    ...(
      [
        [
          'both a label and versions',
          { label: 'x', versions: [{ label: 'y' }] },
          /: must not have versions beside label or ckaId/,
        ],
        [
          'a version twice',
          { versions: [{ label: 'y' }, { label: 'y' }] },
          /versions\[1\]: must not be the same key as another version/,
        ],
        ['no version', { versions: [] }, /versions: must have at least one version/],
        [
          'none that encrypts',
          { versions: [{ label: 'y', decryptOnly: true }] },
          /versions: must have a version that encrypts/,
        ],
      ] as const
    ).map(([what, key, pattern]): [string, unknown, RegExp] => [
      what,
      changedConfig(({ keyStores: [s] }) => s?.keys.push({ id: 'x', ...key })),
      pattern,
    ]),
    [
      'a prefix too long for KMS',
      changedConfig(({ keyStores: [s] }) => s && (s.uriPathPrefix = `/${'p'.repeat(117)}`)),
      /uriPathPrefix: must leave .* at most 128/,
    ],
    [
      'a key with nothing after it',
      changedConfig(({ keyStores: [s] }) => Object.assign(s ?? {}, { credentials: null })),
      /^keyStores\[0\]\.credentials: is empty; it must be a list$/,
    ],
    [
      'a value with another type',
      changedConfig(({ keyStores: [s] }) => s?.keys.push(Object.assign({ id: 'x' }, { label: 5 }))),
      /^keyStores\[0\]\.keys\[\d\]\.label: must be a string \(given: 5\)$/,
    ],
    ['an anchor to nothing', 'server: *nothing', /Unresolved alias/],
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
      /Excessive alias count/,
    ],
    ['the same key twice', 'server: {}\nserver: {}', /Map keys must be unique/],
    ['no map at all', '- 1', /^: must be a map of server, .*keyManagers, keyStores \(given: a list\)$/],
    ['an empty file', '', /^: the file is empty; it must be a map of/],
    ['two documents', 'server: {}\n---\nserver: {}', /^: begins a second YAML document; the file must have one$/],
  ])('%s', (_what, written, pattern) => {
    expect(problemsOf(written)).toContainEqual(expect.stringMatching(pattern));
  });

  it('of a policy set are all reported, with its file and lines', () => {
    const policies = `${EXAMPLE_POLICY}\n@id("typo")\npermit (principal, action, resource) when { context.x };\n${EXAMPLE_POLICY}`;
    const written = changedConfig(
      ({ keyStores: [s] }) => s && Object.assign(s, { policyFile: 'p.cedar', tags: { a: 1 } }),
    );
    const problems = problemsOf(written, { 'p.cedar': policies });
    const policyProblems = problems.filter((problem) => problem.startsWith('keyStores[0].policyFile: '));
    expect(policyProblems.length).toBeGreaterThan(1);
    expect(policyProblems[0]).toMatch(/: p\.cedar:3: in "typo": attribute `x` .* not found/);
    expect(policyProblems.at(-1)).toBe(
      'keyStores[0].policyFile: p.cedar:4: the policy has the same @id as another one: everyone',
    );
    expect(problems).toContainEqual(expect.stringMatching(/^keyStores\[0\]\.tags\.a: .*\(given: 1\)$/));
    expect(problemsOf(written)).toContainEqual(
      expect.stringMatching(/^keyStores\[0\]\.policyFile: names .*p\.cedar, which cannot be read \(ENOENT\)/),
    );
  });

  it.each<[string, unknown]>([
    ['for the reference to it', changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = 'hunter2'))],
    ['as a key of the reference', changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { hunter2: null }))],
    ['for all of pkcs11', changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11 = 'hunter2' as never))],
    [
      'for an access key id',
      changedConfig(({ keyStores: [s] }) => s?.credentials[0] && (s.credentials[0].accessKeyId = 'hunter2')),
    ],
    ['for a credential', changedConfig(({ keyStores: [s] }) => s && (s.credentials = ['hunter2' as never]))],
    ['for all credentials', changedConfig(({ keyStores: [s] }) => s && (s.credentials = 'hunter2' as never))],
    ['as an alias', 'pin: *hunter2'],
    ['as a block header', 'pin: |hunter2\n  x'],
    ['as a tag', 'pin: !hunter2 x'],
  ])('do not print a secret that is written %s', (_where, written) => {
    const problems = problemsOf(written);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('include an external key id that makes its URIs too long', () => {
    const written = changedConfig(({ keyStores: [store] }) => {
      if (!store) return;
      store.uriPathPrefix = `/${'p'.repeat(114)}`;
      store.keys = [{ id: 'k'.repeat(116) }, { id: 'k'.repeat(115) }];
    });
    expect(problemsOf(written)).toEqual([expect.stringMatching(/^keyStores\[0\]\.keys\[0\]\.id: is too long/)]);
  });

  it('include a secret file that everyone may write', () => {
    const folder = temporaryFolder({ ...CONFIG_FILES, 'config.yaml': stringify(validConfig()) });
    chmodSync(join(folder, 'secret'), 0o602);
    expect(() => loadConfig(join(folder, 'config.yaml'), {})).toThrow(
      /secretAccessKey \(line 22\): names .* may read or write/,
    );
  });

  it('include a secret file that everyone may read', () => {
    const folder = temporaryFolder({ ...CONFIG_FILES, 'config.yaml': stringify(validConfig()) });
    chmodSync(join(folder, 'pin'), 0o604);
    expect(() => loadConfig(join(folder, 'config.yaml'), {})).toThrow(
      /pin \(line 13\): names .*pin, which everyone may read or write; run: chmod/,
    );
  });

  it('include a missing configuration file', () => {
    expect(() => loadConfig('/nowhere/config.yaml', {})).toThrow(/cannot be read \(ENOENT\)/);
  });
});
