import { describe, expect, it } from 'vitest';
import { changedConfig, loadWritten, problemsOf } from '../../support/validConfig.ts';

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

describe('a policy that no request meets is warned of', () => {
  it('once, if several key stores share it', () => {
    expect(warningsOf(`permit (principal == User::"${ROLE}", action, resource);`)).toEqual([
      `keyStores[0].policyFile (line 26): p.cedar: in "p": User::"${ROLE}" is never met: this is the name of another kind; write Role::"${ROLE}"`,
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

  it.each(['resource in KeyStore::"second"', 'resource == ExternalKey::"example/foo"'])('not for %s', (resource) => {
    expect(warningsOf(`permit (principal, action, ${resource});`)).toEqual([]);
  });
});
