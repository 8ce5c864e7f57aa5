import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { checkValueOf } from '../support/checkValueOf.ts';
import { createFaultyModule, type Fault, type FaultyModule } from '../support/faultyModule.ts';
import { ProxyFiles, runCommand } from '../support/runningProxy.ts';

const key = randomBytes(32);

// Two tokens that should be replicas. The module of the second one can be made to fail.
let files: ProxyFiles;
let faulty: FaultyModule;

beforeEach(() => {
  files = new ProxyFiles({ tls: false });
  files.softHsm.addToken('second');
  for (const token of ['first', 'second']) files.softHsm.importKey('shared', key, [], token);
  faulty = createFaultyModule({ ...files.softHsm, separate: true });
  const [manager] = files.config.keyManagers;
  const [store] = files.config.keyStores;
  files.writeConfig({
    ...files.config,
    keyManagers: [
      { name: 'hsm-1', pkcs11: { ...manager?.pkcs11, token: { label: 'first' } } },
      { name: 'hsm-2', pkcs11: { ...manager?.pkcs11, module: faulty.module, token: { label: 'second' } } },
    ],
    keyStores: [{ ...store, keyManagers: ['hsm-1', 'hsm-2'], keys: [{ id: 'orders', label: 'shared' }] }],
  });
});

afterEach(() => {
  faulty.dispose();
  files.dispose();
});

/** The check value in each line of `key list --json` for the second token. */
async function listed(): Promise<unknown[]> {
  const args = ['key', 'list', '--json', '--key-manager', 'hsm-2', '--config', files.configFile];
  const { exitCode, stdout, stderr } = await runCommand(args, files.env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const keys = JSON.parse(stdout) as { checkValue?: unknown }[];
  expect(keys).toMatchObject([{ label: 'shared', keySpec: 'AES_256', sensitive: true }]);
  return keys.map(({ checkValue }) => checkValue);
}

async function findings(): Promise<readonly Finding[]> {
  const args = ['doctor', '--json', '--peer', 'http://127.0.0.1:1/', '--config', files.configFile];
  const { stdout } = await runCommand(args, files.env);
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

/** The findings of the comparison of both tokens, and all failures. */
async function compared(): Promise<Finding[]> {
  return (await findings()).filter(
    ({ check, level, message }) => check === 'keys of first' || message.includes('same key') || level === 'failure',
  );
}

const NOT_COMPARED = {
  check: 'keys of first',
  level: 'ok',
  message:
    '0 of 1 key versions have the same check value in hsm-1, hsm-2; 1 could not be compared, for lack of the key or of its check value',
};

describe('doctor', () => {
  it('finds that the tokens have the same key', async () => {
    const found = await findings();
    const values = `AES_256, check value ${checkValueOf(key)}, ENCRYPT, DECRYPT`;
    expect(found.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`shared in hsm-1: ${values}`),
        expect.stringContaining(`shared in hsm-2: ${values}`),
        '1 of 1 key versions have the same check value in hsm-1, hsm-2',
      ]),
    );
    expect(found.filter(({ level }) => level === 'failure')).toEqual([]);
  });

  it('fails for different keys under the same label', async () => {
    const other = randomBytes(32);
    files.softHsm.destroyKey('shared', 'second');
    files.softHsm.importKey('shared', other, [], 'second');
    expect(await compared()).toEqual([
      {
        check: 'key orders of first',
        level: 'failure',
        message: `shared is not the same key everywhere: its check value is ${checkValueOf(key)} in hsm-1, ${checkValueOf(other)} in hsm-2`,
        advice:
          'until they have the same key, leave only the right ones in keyManagers; a known ciphertext or an earlier key list tells which are right (docs/disaster-recovery.md)',
      },
    ]);
  });

  it('compares nothing if a token lacks the key, or its module crashes', async () => {
    files.softHsm.destroyKey('shared', 'second');
    expect(await compared()).toMatchObject([{ message: 'there is no shared in hsm-2' }, NOT_COMPARED]);
    faulty.inject({ on: 'C_Login', does: 'abort' });
    expect(await compared()).toMatchObject([{ check: 'key manager hsm-2', level: 'failure' }, NOT_COMPARED]);
  });
});

describe('a module that gives no possible check value', () => {
  const on = 'C_GetAttributeValue';
  // The first two calls read the other attributes of the only key.
  const refuse = (code: number): Fault => ({ on, does: 'answer', code, from: 3 });

  it.each<[string, Fault]>([
    ['an empty one', { on, does: 'set-check-value', bytes: 0 }],
    ['2 bytes', { on, does: 'set-check-value', bytes: 2 }],
    ['9 bytes', { on, does: 'set-check-value', bytes: 9 }],
    ['a megabyte', { on, does: 'set-check-value', bytes: 1_048_576 }],
    ['a length that no memory can hold', { on, does: 'set-check-value', bytes: 2 ** 62 }],
    ['CK_UNAVAILABLE_INFORMATION', { on, does: 'set-check-value', bytes: -1 }],
    ['CKR_ATTRIBUTE_TYPE_INVALID', refuse(0x12)],
    ['CKR_GENERAL_ERROR', refuse(0x05)],
  ])('%s: key list has the key, without a check value', async (_what, fault) => {
    expect(await listed()).toEqual([checkValueOf(key)]);
    faulty.inject(fault);
    expect(await listed()).toEqual([undefined]);
  });

  it('is not compared', async () => {
    faulty.inject({ on, does: 'set-check-value', bytes: 2 ** 62 });
    expect(await compared()).toEqual([NOT_COMPARED]);
  });
});

it.each([3, 8])('all %i bytes that a module gives are shown', async (bytes) => {
  faulty.inject({ on: 'C_GetAttributeValue', does: 'set-check-value', bytes });
  expect(await listed()).toEqual(['1B'.repeat(bytes)]);
});
