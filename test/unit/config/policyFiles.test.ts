import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readFrom } from '../../../src/config/files/configFiles.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { loadForServing } from '../../../src/config/loadForServing.ts';
import { policySetOf } from '../../support/policySetOf.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { turnsDuring } from '../../support/turnsDuring.ts';
import { changedConfig, CONFIG_FILES, loadWritten, problemsOf } from '../../support/validConfig.ts';

const ROLE = 'arn:aws:iam::111122223333:role/x';
const POLICY = '@id("everyone")\npermit (principal, action, resource);\n';

const written = changedConfig(({ keyStores }) => {
  const [store] = keyStores;
  Object.assign(store ?? {}, { policyFile: 'p.cedar' });
  keyStores.push({
    ...(store as NonNullable<typeof store>),
    name: 'second',
    uriPathPrefix: '/second',
    credentials: [],
  });
});

function warningsOf(policy: string): readonly string[] {
  return loadWritten(written, { 'p.cedar': `@id("p")\n${policy}` }).warnings.filter((text) => text.includes('p.cedar'));
}

describe('a policy file', () => {
  it('may begin with a byte order mark, and have CRLF', () => {
    const { config } = loadWritten(written, { 'p.cedar': `\uFEFF${POLICY.replaceAll('\n', '\r\n')}` });
    expect(config.keyStores[0]?.policyFile?.policies.map(({ id }) => id)).toEqual(['everyone']);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'UTF-16',
      Buffer.from(`\uFEFF${POLICY}`, 'utf16le'),
      /names \S+p\.cedar, which is UTF-16 or not text; save it as UTF-8 /,
    ],
    [
      'Latin-1',
      Buffer.from(`// ü\n${POLICY}`, 'latin1'),
      /names \S+p\.cedar, which is not UTF-8 in line 1; save it as UTF-8 /,
    ],
  ])('cannot be %s', (_what, bytes, message) => {
    expect(problemsOf(written, { 'p.cedar': bytes })).toContainEqual(expect.stringMatching(message));
  });
});

describe('a policy that matches no request has a warning', () => {
  it('only once, if several key stores share it', () => {
    expect(warningsOf(`permit (principal == User::"${ROLE}", action, resource);`)).toEqual([
      `keyStores[0].policyFile (line 26): p.cedar: in "p": User::"${ROLE}" is never met: the name is of another kind; write Role::"${ROLE}"`,
    ]);
  });

  it.each([
    ['resource in KeyStore::"exmaple"', 'KeyStore::"exmaple" is no key store that has this policyFile'],
    [
      'resource == ExternalKey::"example/bar"',
      'ExternalKey::"example/bar" is no external key that has this policyFile',
    ],
  ])('for %s', (resource, message) => {
    expect(warningsOf(`permit (principal, action, ${resource});`)).toEqual([expect.stringContaining(message)]);
  });

  it('for a tag that no key has', () => {
    const when = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
    const tagged = changedConfig(({ keyStores: [store] }) => {
      const [key] = (store?.keys ?? []) as object[];
      Object.assign(store ?? {}, { policyFile: 'p.cedar', tags: { team: 'billing' } });
      Object.assign(key ?? {}, { tags: { class: 'secret' } });
    });
    const policies = ['team', 'class', 'clas'].map(
      (tag) => `@id("${tag}") ${when(`resource.hasTag("${tag}") && resource.getTag("${tag}") == "x"`)}`,
    );
    const { warnings } = loadWritten(tagged, { 'p.cedar': policies.join('\n') });
    expect(warnings.filter((text) => text.includes('tag'))).toEqual([
      expect.stringMatching(/p\.cedar: in "clas": no key that has this policyFile has the tag "clas"$/),
    ]);
  });

  it.each(['resource in KeyStore::"second"', 'resource == ExternalKey::"example/foo"'])('not for %s', (resource) => {
    expect(warningsOf(`permit (principal, action, ${resource});`)).toEqual([]);
  });
});

/** A configuration file with these policies. */
function writeFiles(policies: string): string {
  const files = { ...CONFIG_FILES, 'p.cedar': policies, 'config.yaml': stringify(written) };
  return join(temporaryFolder(files), 'config.yaml');
}

describe('policies that are loaded for serving', () => {
  const many = Array.from(
    { length: 1_000 },
    (_, index) => `@id("policy-${index}") permit (principal, action, resource);`,
  );

  it('do not block the event loop', async () => {
    const file = writeFiles(many.join('\n'));
    const { result, turns } = await turnsDuring(() => loadForServing(file, {}));
    expect(result.policySets).toEqual([policySetOf(many.join('\n'))]);
    expect(result.config).toEqual(loadConfig(file, {}).config);
    expect(turns).toBeGreaterThan(10);
  });

  it('come from the snapshot, although the file changes while they are loaded', async () => {
    const file = writeFiles(many.join('\n'));
    const loading = loadForServing(file, {});
    writeFileSync(join(file, '../p.cedar'), 'not Cedar');
    const { config, snapshot, policySets } = await loading;
    expect(config.keyStores[0]?.policyFile?.policies).toHaveLength(1_000);
    expect(loadConfig(file, {}, readFrom(snapshot)).policySets).toEqual(policySets);
  });

  it('have the same problems as in loadConfig', async () => {
    const file = writeFiles([...many, '@id("policy-7") permit (principal, action, resource);'].join('\n'));
    const told =
      /\n {2}keyStores\[0\]\.policyFile \(line 26\): p\.cedar:1001: .*\n {2}keyStores\[1\]\.policyFile \(line 32\): p\.cedar:1001: /;
    await expect(loadForServing(file, {})).rejects.toThrow(told);
    expect(() => loadConfig(file, {})).toThrow(told);
  });
});

it('policies that were loaded before are reused, without warnings', () => {
  const file = writeFiles('not Cedar');
  const known = policySetOf(`@id("p")\npermit (principal == User::"${ROLE}", action, resource);`);
  const { config, policySets, warnings } = loadConfig(file, {}, undefined, [known]);
  expect(config.keyStores.map(({ policyFile }) => policyFile)).toEqual([known, known]);
  expect(policySets).toEqual([known]);
  expect(warnings.filter((text) => text.includes('p.cedar'))).toEqual([]);
});
