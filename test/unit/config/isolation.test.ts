import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { ConfigError } from '../../../src/config/problems/problem.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { CONFIG_FILES, changedConfig, loadWritten, problemsOf } from '../../support/validConfig.ts';

/** A copy of the valid configuration with one key manager for each of these settings. */
function withPkcs11(...settings: readonly object[]): unknown {
  return changedConfig((config) => {
    const [manager] = config.keyManagers;
    if (!manager) return;
    config.keyManagers = settings.map((setting, index) => ({
      name: `manager-${index}`,
      pkcs11: { ...manager.pkcs11, ...setting },
    }));
    for (const store of config.keyStores) store.keyManagers = ['manager-0'];
  });
}

function isolationOf(written: unknown) {
  const { config, warnings } = loadWritten(written);
  return { isolations: config.keyManagers.map(({ pkcs11 }) => pkcs11.isolation), warnings };
}

it.each(['none', 'thread'])('isolation: %s is accepted without change', (isolation) => {
  expect(isolationOf(withPkcs11({ isolation }))).toEqual({ isolations: [isolation], warnings: [] });
});

describe('the old name of isolation', () => {
  it.each([
    ['blocking', 'none'],
    ['threadpool', 'thread'],
  ])('calls: %s is isolation: %s, with a warning', (calls, isolation) => {
    expect(isolationOf(withPkcs11({ calls }))).toEqual({
      isolations: [isolation],
      warnings: [`keyManagers[0].pkcs11.calls (line 15): is the old name of isolation; write isolation: ${isolation}`],
    });
  });

  it.each(['none', 'thread'])('is refused together with the new name, isolation: %s', (isolation) => {
    expect(problemsOf(withPkcs11({ isolation, calls: 'threadpool' }))).toEqual([
      'keyManagers[0].pkcs11.calls: is the old name of isolation, which is set too; remove calls (given: "threadpool")',
    ]);
  });

  it('is refused with a value that it never had', () => {
    expect(problemsOf(withPkcs11({ calls: 'thread' }))).toEqual([
      expect.stringMatching(/^keyManagers\[0\]\.pkcs11\.calls: must be blocking or threadpool \(given: "thread"\)$/),
    ]);
  });
});

describe('key managers that use one library', () => {
  const message = 'keyManagers[0]: both use one library, which a process initialises once';

  it.each([
    [{ isolation: 'thread' }, { isolation: 'none' }, `must be thread, as in ${message} (given: "none")`],
    [{ isolation: 'thread' }, {}, `must be thread, as in ${message}`],
    [{}, { calls: 'threadpool' }, `must be none, as in ${message}`],
  ])('must have one isolation: %o and %o', (one, other, problem) => {
    expect(problemsOf(withPkcs11(one, other))).toEqual([`keyManagers[1].pkcs11.isolation: ${problem}`]);
  });

  it('may have the same value under the old and the new name', () => {
    expect(isolationOf(withPkcs11({ isolation: 'thread' }, { calls: 'threadpool' })).isolations).toEqual([
      'thread',
      'thread',
    ]);
  });

  it('are recognised through links', () => {
    const written = withPkcs11({ isolation: 'thread' }, { module: 'link.so' });
    const folder = temporaryFolder({ ...CONFIG_FILES, 'config.yaml': stringify(written) });
    symlinkSync('module.so', join(folder, 'link.so'));
    expect(() => loadConfig(join(folder, 'config.yaml'), {})).toThrow(
      new ConfigError(join(folder, 'config.yaml'), [
        { path: 'keyManagers[1].pkcs11.isolation', line: 17, message: `must be thread, as in ${message}` },
      ]),
    );
  });

  it('are distinguished from those of a copy of the library', () => {
    const written = withPkcs11({ isolation: 'thread' }, { module: 'copy.so' });
    expect(problemsOf(written, { 'copy.so': CONFIG_FILES['module.so'] })).toEqual([]);
  });
});
