import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pkcs11js from 'pkcs11js';
import { KnownKey, type Body } from '../support/knownKey.ts';
import { base64, encryptBody, keyPath } from '../support/messages.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy, type Answer } from '../support/runningProxy.ts';

const LABELS = ['payments', 'payments-2026', 'payments-2027'] as const;
const AAD = Buffer.from('project=nile');
const INVALID = {
  status: 400,
  body: {
    errorName: 'InvalidCiphertextException',
    errorMessage: 'The ciphertext, IV, tag or AAD is not valid for this external key.',
  },
};

// Two keys in the token, and two external keys, which differ only in their CKA_IDs.
const TWINS = { 'twin-0': '0a0B', 'twin-1': '0123' } as const;
const twins = Object.entries(TWINS).map(([id, ckaId]) => ({ id, ckaId, key: new KnownKey() }));

// One external key at different times: before it had versions, and with one to three of them.
const TIMES = {
  before: { label: LABELS[0] },
  first: { versions: LABELS.slice(0, 1).map((label) => ({ label })) },
  second: { versions: LABELS.slice(0, 2).map((label) => ({ label })) },
  announced: { versions: LABELS.map((label, index) => ({ label, decryptOnly: index === 2 })) },
  third: { versions: LABELS.map((label) => ({ label })) },
} as const;
type Time = keyof typeof TIMES;

const BY_CKA_ID = [
  ...twins.map(({ id, ckaId }) => ({ id, ckaId })),
  { id: 'both', label: 'twin', ckaId: TWINS['twin-1'] },
  { id: 'neither', label: 'payments', ckaId: TWINS['twin-1'] },
  { id: 'versions', versions: twins.map(({ ckaId }) => ({ ckaId })) },
];

const keys = LABELS.map(() => new KnownKey());
let proxy: RunningProxy;

beforeAll(async () => {
  const files = new ProxyFiles({ tls: false });
  for (const [index, label] of LABELS.entries()) files.softHsm.importKey(label, keys[index]?.value ?? Buffer.alloc(0));
  for (const { ckaId, key } of twins) files.softHsm.importKey('twin', key.value, withCkaId(ckaId));
  const [first, ...others] = files.config.keyStores;
  const atTimes = Object.entries(TIMES).map(([id, settings]) => ({ id, ...settings }));
  files.writeConfig({
    ...files.config,
    keyStores: [{ ...first, keys: [...(first?.keys ?? []), ...atTimes, ...BY_CKA_ID] }, ...others],
  });
  proxy = await RunningProxy.start(files);
});

afterAll(() => proxy.dispose());

async function encrypted(time: string): Promise<Body> {
  const aad = { additionalAuthenticatedData: AAD.toString('base64') };
  const { status, body } = await proxy.post(keyPath(time, 'encrypt'), {
    ...encryptBody,
    ...aad,
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
  expect(status).toBe(200);
  return { ...body, ...aad };
}

function decrypted(time: string, sealed: Body): Promise<Answer> {
  return proxy.post(keyPath(time, 'decrypt'), { ...encryptBody, ...sealed });
}

it.each([
  ['before', 0],
  ['first', 0],
  ['second', 1],
  ['announced', 1],
  ['third', 2],
] as const)('%s, the newest version encrypts', async (time, version) => {
  const sealed = await encrypted(time);
  expect(keys[version]?.open(sealed, AAD).toString('base64')).toBe(encryptBody.plaintext);
  const metadata = metadataOf(sealed);
  if (time === 'before') expect(sealed).not.toHaveProperty('ciphertextMetadata');
  else expect(metadata.length).toBeGreaterThan(0);
  expect(metadata.length).toBeLessThanOrEqual(20);
});

const ORDER = Object.keys(TIMES) as Time[];
describe.each(ORDER)('data that was encrypted %s', (made) => {
  it('can be decrypted then and later', async () => {
    const sealed = await encrypted(made);
    for (const time of ORDER.slice(ORDER.indexOf(made))) {
      expect(await decrypted(time, sealed)).toEqual({ status: 200, body: { plaintext: encryptBody.plaintext } });
    }
  });
});

describe('InvalidCiphertextException is the answer if metadata', () => {
  it('has any byte changed', async () => {
    const sealed = await encrypted('third');
    const metadata = metadataOf(sealed);
    for (const index of metadata.keys()) {
      const changed = Buffer.from(metadata);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      const tampered = { ...sealed, ciphertextMetadata: changed.toString('base64') };
      expect(await decrypted('third', tampered)).toEqual(INVALID);
    }
  });

  it.each<[string, (sealed: Body, older: Body) => Body]>([
    ['left out', (sealed) => ({ ...sealed, ciphertextMetadata: undefined })],
    ['empty', (sealed) => ({ ...sealed, ciphertextMetadata: '' })],
    ['of another version', (sealed, { ciphertextMetadata }) => ({ ...sealed, ciphertextMetadata })],
    ['of no version', (sealed) => ({ ...sealed, ciphertextMetadata: base64(9) })],
    ['with a byte more', (sealed) => ({ ...sealed, ciphertextMetadata: joined(metadataOf(sealed), Buffer.of(0)) })],
    [
      'moved into the AAD',
      (sealed) => ({
        ...sealed,
        ciphertextMetadata: undefined,
        additionalAuthenticatedData: joined(AAD, metadataOf(sealed)),
      }),
    ],
  ])('%s', async (_, tamper) => {
    const [sealed, older] = [await encrypted('third'), await encrypted('second')];
    expect(await decrypted('third', tamper(sealed, older))).toEqual(INVALID);
  });

  it('is added to a ciphertext without metadata', async () => {
    const { ciphertextMetadata } = await encrypted('first');
    expect(await decrypted('first', { ...(await encrypted('before')), ciphertextMetadata })).toEqual(INVALID);
  });
});

/** The CKA_ID, which is empty if there is none. */
function metadataOf({ ciphertextMetadata = '' }: Body): Buffer {
  return Buffer.from(ciphertextMetadata as string, 'base64');
}

/** A template that gives a key this CKA_ID. */
function withCkaId(ckaId: string): pkcs11js.Template {
  return [{ type: pkcs11js.CKA_ID, value: Buffer.from(ckaId, 'hex') }];
}

function joined(...parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('base64');
}

describe('keys that share a label', () => {
  it.each(twins)('are served by their CKA_IDs: $ckaId', async ({ id, key }) => {
    const sealed = await encrypted(id);
    expect(key.open(sealed, AAD).toString('base64')).toBe(encryptBody.plaintext);
    expect(await decrypted(id, sealed)).toEqual({ status: 200, body: { plaintext: encryptBody.plaintext } });
  });

  it('are served by label and CKA_ID, if only one key has both', async () => {
    const sealed = await encrypted('both');
    expect(twins[1]?.key.open(sealed, AAD).toString('base64')).toBe(encryptBody.plaintext);
    expect(await proxy.post(keyPath('neither', 'encrypt'), encryptBody)).toMatchObject({
      status: 404,
      body: { errorName: 'KeyNotFoundException' },
    });
  });

  it('may be versions of one external key', async () => {
    const sealed = await encrypted('versions');
    expect(twins[1]?.key.open(sealed, AAD).toString('base64')).toBe(encryptBody.plaintext);
    expect(metadataOf(sealed)).toHaveLength(9);
    expect(await decrypted('versions', sealed)).toMatchObject({ status: 200 });
    // Data that was encrypted before the key had versions.
    expect(await decrypted('versions', await encrypted('twin-0'))).toMatchObject({ status: 200 });
    await proxy.logged({ operation: 'Encrypt', externalKeyId: 'versions', keyVersion: TWINS['twin-1'] });
  });
});

it('two keys with one label are an error in the log, and neither is used', async () => {
  const { softHsm } = proxy.files;
  const label = 'bar';
  const credential = proxy.files.otherCredential;
  const path = keyPath(label, 'encrypt', OTHER_PREFIX);
  expect(await proxy.post(path, encryptBody, { credential })).toMatchObject({ status: 200 });
  softHsm.importKey(label, new KnownKey().value);
  // Requests for the key make the proxy look it up in the token again.
  const metadata = await proxy.post(keyPath(label, 'metadata', OTHER_PREFIX), encryptBody, { credential });
  expect(metadata).toMatchObject({ status: 500, body: { errorName: 'InternalException' } });
  expect(await proxy.post(path, encryptBody, { credential })).toMatchObject({ status: 500 });
  await proxy.logged({
    operation: 'Encrypt',
    errorName: 'InternalException',
    detail:
      'several secret keys of the token have the label "bar": give each a label of its own, or select one by its ckaId',
  });
});
