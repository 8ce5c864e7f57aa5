import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { CKA, CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { CryptokiError } from '../../../src/hsm/pkcs11/cryptoki/cryptokiError.ts';
import { ServingKeyManager } from '../../../src/hsm/pkcs11/serving/servingKeyManager.ts';
import { FakeCryptoki, openFake } from './fakeCryptoki.ts';

const COUNT = 50;
const described = { description: expect.objectContaining({ keySpec: 'AES_256' }) as unknown };
const missing = { failure: expect.objectContaining({ errorName: 'KeyNotFoundException' }) as unknown };
const lost = { failure: expect.objectContaining({ message: 'The key manager cannot be used at present.' }) as unknown };

const labels = (count = COUNT) => Array.from({ length: count }, (_, index) => `key-${index}`);

/** A token with the keys of `labels`. Its clock advances by the duration of each search and each read. */
function setUp({ searchMs = 40, readMs = 1, keys = labels(), checkValues = false } = {}) {
  const cryptoki = new FakeCryptoki();
  cryptoki.keys = keys;
  let now = 0;
  const [find, read] = [cryptoki.findObjects.bind(cryptoki), cryptoki.readAttributes.bind(cryptoki)];
  cryptoki.findObjects = (...args) => {
    now += searchMs;
    return find(...args);
  };
  cryptoki.readAttributes = (...args) => {
    now += readMs;
    return read(...args);
  };
  const warn = vi.fn();
  const keyManager = new ServingKeyManager(
    {
      name: 'fake',
      sessions: 1,
      timeoutMs: 2_000,
      isolation: 'thread',
      iv: 'random',
      gcmParameters: 'v2.40',
      checkValues,
    },
    openFake(cryptoki),
    { logger: { info: () => undefined, warn, error: () => undefined }, clock: () => now },
  );
  const describeKeys = (wanted = labels()) => keyManager.describeKeys(wanted.map((label) => ({ label })));
  const encrypt = (label: string) => keyManager.encrypt({ label }, Buffer.from('x'), Buffer.alloc(0));
  return { cryptoki, keyManager, describeKeys, encrypt, warn };
}

type Cryptoki = ReturnType<typeof setUp>['cryptoki'];

/** Runs `act` when the label of the key is read for the listing. */
function whenListed(cryptoki: Cryptoki, label: string, act: () => void): void {
  const read = cryptoki.readAttributes.bind(cryptoki);
  cryptoki.readAttributes = (session, object, types) => {
    const attributes = read(session, object, types);
    if (types.includes(CKA.LABEL) && String(attributes.get(CKA.LABEL)) === label) act();
    return attributes;
  };
}

describe('many keys', () => {
  it('are described with one search and one listing, and known afterwards', async () => {
    const { cryptoki, describeKeys, encrypt } = setUp();
    expect(await describeKeys()).toEqual(labels().map(() => described));
    expect(cryptoki.count('C_FindObjects')).toBe(2);
    await encrypt('key-30');
    expect(cryptoki.count('C_FindObjects')).toBe(2);
  });

  it('are searched for one by one if that is faster than reading a large token', async () => {
    const { cryptoki, describeKeys } = setUp({ searchMs: 2, readMs: 2, keys: labels(5_000) });
    expect(await describeKeys()).toEqual(labels().map(() => described));
    expect(cryptoki.count('C_FindObjects')).toBe(COUNT + 1);
    // The longest time that all the searches could take.
    expect(cryptoki.count('C_GetAttributeValue')).toBeLessThan(3 * COUNT);
  });

  it('yield to other work', async () => {
    const { keyManager, describeKeys } = setUp();
    const ends: string[] = [];
    const all = describeKeys().then(() => ends.push('all'));
    await nextTurn();
    await keyManager.describeKey({ label: 'key-7' }).then(() => ends.push('one'));
    await all;
    expect(ends).toEqual(['one', 'all']);
  });
});

it('are searched for one by one if they are few', async () => {
  const { cryptoki, describeKeys } = setUp();
  expect(await describeKeys(labels(10))).toEqual(labels(10).map(() => described));
  expect(cryptoki.count('C_FindObjects')).toBe(10);
});

describe('among many keys', () => {
  it('missing keys are confirmed by one search', async () => {
    const { cryptoki, describeKeys } = setUp();
    const findings = await describeKeys([...labels(), 'absent-1', 'absent-2', 'absent-3']);
    expect(findings).toEqual([...labels().map(() => described), missing, missing, missing]);
    expect(findings.at(-1)?.failure?.detail).toBe('no secret key of the token has the label "absent-3"');
    // One search each for the first key, the list, the first missing key, and the key that was found first.
    expect(cryptoki.count('C_FindObjects')).toBe(4);
  });

  it('two keys with one label fail in the same way as alone', async () => {
    const { keyManager, describeKeys } = setUp({ keys: [...labels(), 'key-20'] });
    const failure: unknown = await keyManager.describeKey({ label: 'key-20' }).catch((error: unknown) => error);
    const findings = await describeKeys();
    expect(failure).toMatchObject({ ...findings[20]?.failure, errorName: 'InternalException' });
    expect(findings.filter((finding) => finding.description)).toHaveLength(COUNT - 1);
  });

  it('keys are found although the token compares labels in its own way', async () => {
    const { cryptoki, describeKeys } = setUp();
    const read = cryptoki.readAttributes.bind(cryptoki);
    cryptoki.readAttributes = (...args) => new Map([...read(...args), [CKA.LABEL, Buffer.from('as it likes')]]);
    expect(await describeKeys([...labels(), 'absent'])).toEqual([...labels().map(() => described), missing]);
  });

  it('a key that is deleted meanwhile is missing, and a previously used one only after a restart', async () => {
    const { cryptoki, describeKeys, encrypt } = setUp();
    await encrypt('key-30');
    const restarts = cryptoki.count('C_Initialize');
    whenListed(cryptoki, 'key-49', () => {
      cryptoki.keys = cryptoki.keys.filter((label) => label !== 'key-30');
      const read = cryptoki.readAttributes.bind(cryptoki);
      cryptoki.readAttributes = (session, object, types) => {
        const label = read(session, object, [CKA.LABEL]).get(CKA.LABEL);
        if (String(label) !== 'key-30') return read(session, object, types);
        throw new CryptokiError('C_GetAttributeValue', CKR.OBJECT_HANDLE_INVALID);
      };
    });
    const expected = labels().map((label) => (label === 'key-30' ? missing : described));
    expect(await describeKeys()).toEqual(expected);
    expect(cryptoki.count('C_Initialize')).toBe(restarts + 1);
  });
});

it('an unreadable object is not a loss of the token', async () => {
  const { cryptoki, describeKeys, warn } = setUp({ keys: ['foreign', ...labels()] });
  whenListed(cryptoki, 'foreign', () => {
    throw new CryptokiError('C_GetAttributeValue', CKR.GENERAL_ERROR);
  });
  expect(await describeKeys([...labels(), 'absent'])).toEqual([...labels().map(() => described), missing]);
  expect(warn).not.toHaveBeenCalled();
});

it('a login that is lost meanwhile is repaired', async () => {
  const { cryptoki, describeKeys, warn } = setUp();
  let times = 0;
  whenListed(cryptoki, 'key-25', () => {
    times += 1;
    if (times === 1) cryptoki.loseSessions();
  });
  expect(await describeKeys()).toEqual(labels().map(() => described));
  expect(times).toBe(2);
  expect(warn).toHaveBeenCalled();
});

it('if the token is lost meanwhile, each key fails at once', async () => {
  const { cryptoki, describeKeys } = setUp();
  whenListed(cryptoki, 'key-25', () => {
    for (const name of [
      'C_FindObjects',
      'C_GetAttributeValue',
      'C_GetSlotList',
      'C_GetSessionInfo',
      'C_GenerateRandom',
    ]) {
      cryptoki.failing.set(name, CKR.DEVICE_REMOVED);
    }
  });
  const findings = await describeKeys();
  expect(findings[0]).toEqual(described);
  expect(findings.slice(2)).toEqual(labels(COUNT - 2).map(() => lost));
});

it.each([
  [false, [undefined, undefined], 2],
  [true, ['A1B2C3', 'A1B2C3'], 4],
])('check values are read only on request: %j', async (checkValues, expected, calls) => {
  const { cryptoki, describeKeys } = setUp({ checkValues });
  const read = cryptoki.readAttributes.bind(cryptoki);
  cryptoki.readAttributes = (session, object, types) =>
    read(session, object, types).set(CKA.CHECK_VALUE, Buffer.from('a1b2c3', 'hex'));
  const found = await describeKeys(labels(2));
  expect(found.map(({ description }) => description?.checkValue)).toEqual(expected);
  expect(cryptoki.count('C_GetAttributeValue')).toBe(calls);
});
