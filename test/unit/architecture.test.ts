import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => ({
  file,
  text: readFileSync(join(ROOT, file), 'utf8'),
}));

/** Every import of the sources: the importing file, and a path from the root or a package. */
const imports = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/(?:^|\s)(?:import|export)\s(?:[^'";]*?\sfrom\s)?'([^']+)'/g)].map(([, specifier = '']) => ({
    file,
    target: specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
  })),
);

it('reads imports', () => {
  expect(imports).toContainEqual({ file: 'src/app.ts', target: 'express' });
  expect(imports).toContainEqual({ file: 'src/app.ts', target: 'src/http/findKey.ts' });
});

// Imports are one-way: each room lists every room that it may import. All rooms may import OPEN.
const OPEN = [
  'src/processFlags.ts',
  'src/secret.ts',
  'src/redactError.ts',
  'src/listenOn.ts',
  'src/hosts.ts',
  'src/replaceFile.ts',
  'src/fileLock.ts',
  'src/finding.ts',
  'src/receiveBody.ts',
  'src/formatTable.ts',
  'src/timing/',
];

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'src/xks/': [],
  'src/sigv4/': ['src/xks/'],
  'src/policy/': ['src/xks/'],
  'src/audit/': ['src/xks/base64.ts'],
  'src/audit/format/': ['src/xks/base64.ts'],
  'src/audit/log/': ['src/audit/format/'],
  'src/audit/trail/': ['src/audit/format/', 'src/audit/log/auditLog.ts'],
  // Formats that the writer of the log writes; nothing here writes.
  'src/audit/verify/': ['src/audit/format/', 'src/audit/log/earlierLog.ts', 'src/audit/log/setAside.ts'],
  'src/audit/read/': ['src/audit/format/'],
  'src/hsm/keyManager.ts': ['src/xks/'],
  'src/hsm/': ['src/xks/', 'src/hsm/', 'src/messaging/'],
  'src/timing/': [],
  'src/blocks/': ['src/xks/repeatedFields.ts'],
  'src/messaging/': [],
  'src/keyStores/': ['src/xks/', 'src/hsm/keyManager.ts', 'src/operations/', 'src/policy/', 'src/sigv4/'],
  'src/operations/': ['src/xks/', 'src/hsm/keyManager.ts'],
  'src/http/': [
    'src/xks/',
    'src/blocks/blockList.ts',
    'src/audit/',
    'src/sigv4/',
    'src/hsm/keyManager.ts',
    'src/keyStores/',
    'src/operations/',
    'src/policy/',
  ],
  'src/certificates/': ['src/xks/', 'src/finding.ts'],
  'src/config/': [
    'src/xks/',
    'src/certificates/',
    'src/sigv4/',
    'src/policy/',
    'src/audit/format/auditKey.ts',
    'src/audit/format/logFolder.ts',
  ],
  'src/monitoring/': [
    'src/xks/',
    'src/blocks/',
    'src/hsm/keyManager.ts',
    'src/hsm/keyProtection.ts',
    'src/keyStores/',
    'src/http/',
    'src/operations/',
    'src/audit/log/',
    'src/audit/format/',
    'src/certificates/',
    'src/config/',
    'src/pages/',
    'src/version.ts',
  ],
  'src/pages/': [],
  'src/benchmark/': ['src/xksClient/', 'src/report/', 'src/pages/'],
  // A client of any XKS proxy. It shares no code with our proxy, because shared code could hide a mistake of the proxy.
  'src/xksClient/': ['src/xks/', 'src/sigv4/', 'src/certificates/'],
  'src/report/': ['src/xksClient/latencies.ts', 'src/pages/'],
  'src/conformance/': ['src/xks/', 'src/sigv4/', 'src/xksClient/', 'src/report/', 'src/pages/'],
  // Requirements of `serve`, which are queried.
  'src/doctor/': [
    'src/blocks/',
    'src/config/',
    'src/hsm/',
    'src/messaging/',
    'src/server/',
    'src/policy/',
    'src/xks/',
    'src/certificates/',
  ],
  // Clusters of AWS CloudHSM; knows nothing of KMS.
  'src/cloudHsm/': ['src/hsm/', 'src/messaging/', 'src/xks/limits.ts'],
  'src/kms/': [
    'src/xks/',
    'src/certificates/',
    'src/config/files/configFiles.ts',
    'src/config/problems/',
    'src/config/watchConfig.ts',
    'src/config/yaml/writtenYaml.ts',
    'src/cloudHsm/',
    'src/pages/',
    'src/version.ts',
  ],
  'src/server/': [
    'src/xks/',
    'src/certificates/',
    'src/config/',
    'src/http/',
    'src/messaging/',
    'src/keyStores/',
    'src/monitoring/',
    'src/blocks/blockList.ts',
    'src/hsm/pkcs11/token/refusedPins.ts',
  ],
  'src/proxy/': [
    'src/xks/',
    'src/blocks/',
    'src/audit/',
    'src/sigv4/',
    'src/policy/',
    'src/hsm/',
    'src/keyStores/',
    'src/http/',
    'src/config/',
    'src/operations/',
    'src/monitoring/',
    'src/server/',
    'src/app.ts',
    'src/version.ts',
  ],
  'src/app.ts': [
    'src/xks/',
    'src/blocks/blockList.ts',
    'src/sigv4/',
    'src/hsm/keyManager.ts',
    'src/keyStores/',
    'src/operations/',
    'src/http/',
  ],
};

describe.each(Object.entries(ROOMS))('%s', (room, allowed) => {
  it(`imports only from itself, ${[...OPEN, ...allowed].join(', ')}`, () => {
    const others = imports.filter(({ file, target }) => {
      const mine = file.startsWith(room) && target.startsWith('src/');
      return mine && ![room, ...OPEN, ...allowed].some((place) => target.startsWith(place));
    });
    expect(others).toEqual([]);
  });
});

it('no room imports one that imports it, directly or through others', () => {
  const roomOf = (place: string) => Object.keys(ROOMS).findLast((room) => place.startsWith(room));
  const belowOf = (room: string): string[] =>
    (ROOMS[room] ?? []).map((place) => roomOf(place) ?? place).filter((below) => below !== room);
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    belowOf(from).some((below) => below === to || (!seen.has(below) && reaches(below, to, seen.add(below))));
  expect(Object.keys(ROOMS).filter((room) => reaches(room, room))).toEqual([]);
});

// One owner per dependency.
const OWNERS: Readonly<Record<string, RegExp>> = {
  express: /^src\/(app\.ts|http\/|kms\/api\/)/,
  pkcs11js: /^src\/hsm\/pkcs11\/cryptoki\//,
  '@smithy/signature-v4': /^src\/(sigv4\/signature|kms\/xksProxy\/signRequest)\.ts$/,
  '@smithy/hash-node': /^src\/(sigv4\/signature|kms\/xksProxy\/signRequest)\.ts$/,
  'lru-cache': /^src\/(sigv4\/signature|policy\/policyEngine)\.ts$/,
  '@cedar-policy/cedar-wasm': /^src\/policy\/(cedar\w*|parsePolicies)\.ts$/,
  yaml: /^src\/(config\/|commands\/)/,
  zod: /^src\/(blocks|cloudHsm|config|kms)\//,
  commander: /^src\/commands\//,
  'node-forge': /^src\/kms\/clusters\/certificates\//,
  'node:sqlite': /^src\/kms\/state\//,
  'prom-client': /^src\/(monitoring\/metrics|kms\/monitoring)\//,
  pino: /^src\/(kms\/|proxy\/|(monitoring\/(logger|startMonitoring)|commands\/(serve|kms))\.ts$)/,
};

it.each(Object.entries(OWNERS))('%s has one owner', (dependency, owner) => {
  const users = imports.filter(({ target }) => target === dependency || target.startsWith(`${dependency}/`));
  expect(users.length).toBeGreaterThan(0);
  expect(users.filter(({ file }) => !owner.test(file))).toEqual([]);
});

it('only main.ts and program.ts touch the process', () => {
  const users = sources.filter(
    ({ file, text }) =>
      !['src/main.ts', 'src/program.ts'].includes(file) && /\bprocess\.(env|argv|on|once|exit)\b/.test(text),
  );
  expect(users.map(({ file }) => file)).toEqual([]);
});

it('no source file is longer than 250 lines', () => {
  expect(sources.filter(({ text }) => text.split('\n').length > 251).map(({ file }) => file)).toEqual([]);
});
