import { describe, expect, it } from 'vitest';
import { keyArn } from '../../../src/kms/arn.ts';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';
import { decrypt } from '../../../src/kms/operations/cryptography/decrypt.ts';
import { encrypt } from '../../../src/kms/operations/cryptography/encrypt.ts';
import { generateDataKey } from '../../../src/kms/operations/cryptography/generateDataKey.ts';
import { generateDataKeyWithoutPlaintext } from '../../../src/kms/operations/cryptography/generateDataKeyWithoutPlaintext.ts';
import { reEncrypt } from '../../../src/kms/operations/cryptography/reEncrypt.ts';
import { requestQuota, type Throttle } from '../../../src/kms/operations/cryptography/requestQuota.ts';
import type { Operation } from '../../../src/kms/operations/operation.ts';
import type { KmsKey } from '../../../src/kms/state/records.ts';
import { type FailureReason, XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const SYMMETRIC_DEFAULT = 'SYMMETRIC_DEFAULT';
const CONTEXT = { project: 'nile', department: 'marketing' };
const CORRUPTED_INSIDE =
  'The ciphertext that the external key store proxy submitted for decryption, or the encryption context, is corrupted, ' +
  'missing, or otherwise invalid.';
const CORRUPTED_OUTSIDE = FAILURE_TABLE.InvalidCiphertextException.message;
const UNKNOWN_KEY_ID = '00000000-0000-4000-8000-000000000000';

/** Two keys in two key stores, with one external key, `foo`; and a ciphertext of the first key. */
class TwoKeys extends LocalKmsUnderTest {
  readonly store = this.addKeyStore();
  readonly otherStore = this.addKeyStore();
  readonly key = this.addKey(this.store.customKeyStoreId);
  readonly otherKey = this.addKey(this.otherStore.customKeyStoreId);

  arn({ keyId }: KmsKey): string {
    return keyArn(this.identity, keyId);
  }

  /** Base64. */
  async encrypted(text = 'attack at dawn', key = this.key, EncryptionContext = {}): Promise<string> {
    const output = await this.call(encrypt, { KeyId: key.keyId, Plaintext: base64(text), EncryptionContext });
    return base64(output?.['CiphertextBlob']);
  }

  /** A valid input for each operation: a ciphertext of the first key, and the other key as ReEncrypt's destination. */
  async inputs(): Promise<[string, Operation, Record<string, unknown>][]> {
    const KeyId = this.key.keyId;
    const CiphertextBlob = await this.encrypted();
    this.xksProxy.calls.length = 0;
    this.taken.length = 0;
    return [
      ['Encrypt', encrypt, { KeyId, Plaintext: base64('x') }],
      ['Decrypt', decrypt, { CiphertextBlob }],
      ['ReEncrypt', reEncrypt, { CiphertextBlob, DestinationKeyId: this.otherKey.keyId }],
      ['GenerateDataKey', generateDataKey, { KeyId, KeySpec: 'AES_256' }],
      ['GenerateDataKeyWithoutPlaintext', generateDataKeyWithoutPlaintext, { KeyId, NumberOfBytes: 64 }],
    ];
  }
}

function base64(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value).toString('base64') : (value as Buffer).toString('base64');
}

describe('Encrypt and Decrypt', () => {
  it('return a ciphertext of the key, and its plaintext', async () => {
    const kms = new TwoKeys();
    const output = await kms.call(encrypt, {
      KeyId: kms.key.keyId,
      Plaintext: base64('attack at dawn'),
      EncryptionContext: CONTEXT,
      EncryptionAlgorithm: SYMMETRIC_DEFAULT,
    });
    const CiphertextBlob = output?.['CiphertextBlob'] as Buffer;
    expect(output).toEqual({ CiphertextBlob, KeyId: kms.arn(kms.key), EncryptionAlgorithm: SYMMETRIC_DEFAULT });
    expect(CiphertextBlob.includes('attack')).toBe(false);
    const EncryptionContext = { department: 'marketing', project: 'nile' };
    expect(await kms.call(decrypt, { CiphertextBlob: base64(CiphertextBlob), EncryptionContext })).toEqual({
      KeyId: kms.arn(kms.key),
      Plaintext: Buffer.from('attack at dawn'),
      EncryptionAlgorithm: SYMMETRIC_DEFAULT,
    });
  });

  it.each([1, 4096])('accept plaintexts of %i bytes', async (length) => {
    const kms = new TwoKeys();
    const CiphertextBlob = await kms.encrypted('x'.repeat(length));
    const output = await kms.call(decrypt, { CiphertextBlob });
    expect(output?.['Plaintext']).toEqual(Buffer.alloc(length, 'x'));
  });

  it('never give the same ciphertext twice', async () => {
    const kms = new TwoKeys();
    expect(await kms.encrypted()).not.toBe(await kms.encrypted());
  });

  it('show the proxy no plaintext, and only the encryption context', async () => {
    const kms = new TwoKeys();
    const seen: Buffer[] = [];
    const { xksProxy } = kms;
    const real = xksProxy.encrypt.bind(xksProxy);
    xksProxy.encrypt = (call, xksKeyId, plaintext, aad) => {
      seen.push(plaintext);
      return real(call, xksKeyId, plaintext, aad);
    };
    await kms.encrypted('attack at dawn', kms.key, { a: 'b' });
    await kms.encrypted();
    expect(seen.map((bytes) => [bytes.length, bytes.includes('attack')])).toEqual([
      [28 + 14, false],
      [28 + 14, false],
    ]);
    expect(xksProxy.calls.map(({ aad }) => aad?.toString('hex'))).toEqual(['000161000162', '']);
  });

  it.each([
    [CONTEXT, {}],
    [{}, CONTEXT],
    [CONTEXT, { ...CONTEXT, department: 'Marketing' }],
    [{ ab: 'c' }, { a: 'bc' }],
  ])('belong to one encryption context: %j, not %j', async (EncryptionContext, other) => {
    const kms = new TwoKeys();
    const CiphertextBlob = await kms.encrypted('x', kms.key, EncryptionContext);
    const output = await kms.call(decrypt, { CiphertextBlob, EncryptionContext });
    expect(output?.['Plaintext']).toEqual(Buffer.from('x'));
    await expect(kms.call(decrypt, { CiphertextBlob, EncryptionContext: other })).rejects.toMatchObject({
      errorName: 'KMSInvalidStateException',
      message: CORRUPTED_OUTSIDE,
    });
  });

  it('accept a key by id, ARN, alias and alias ARN', async () => {
    const kms = new TwoKeys();
    const { keyId } = kms.key;
    kms.state.aliases.put({ aliasName: 'alias/a', targetKeyId: keyId, creationDate: 0, lastUpdatedDate: 0 });
    for (const KeyId of [keyId, kms.arn(kms.key), 'alias/a', 'arn:aws:kms:us-east-1:111122223333:alias/a']) {
      const output = await kms.call(encrypt, { KeyId, Plaintext: base64('x') });
      const CiphertextBlob = base64(output?.['CiphertextBlob']);
      expect(await kms.call(decrypt, { CiphertextBlob, KeyId })).toMatchObject({ Plaintext: Buffer.from('x') });
    }
  });
});

describe('Decrypt and ReEncrypt', () => {
  const cases: [string, (kms: TwoKeys, blob: string) => [blob: string | undefined, keyId?: string], object][] = [
    [
      'no ciphertext',
      () => [undefined],
      {
        errorName: 'ValidationException',
        message:
          "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must not be null",
      },
    ],
    [
      'something else than a ciphertext',
      () => [base64('something else')],
      {
        errorName: 'InvalidCiphertextException',
        message: '',
      },
    ],
    [
      'a ciphertext of another key than the one named',
      (kms, blob) => [blob, kms.otherKey.keyId],
      {
        errorName: 'IncorrectKeyException',
        message: 'The key ID in the request does not identify a CMK that can perform this operation.',
      },
    ],
    [
      'a key that does not exist',
      (_, blob) => [blob, UNKNOWN_KEY_ID],
      {
        errorName: 'NotFoundException',
        message: `Key 'arn:aws:kms:us-east-1:111122223333:key/${UNKNOWN_KEY_ID}' does not exist`,
      },
    ],
    [
      'a ciphertext of a key that does not exist',
      (_, blob) => [withKeyId(blob, UNKNOWN_KEY_ID)],
      {
        errorName: 'AccessDeniedException',
        message:
          'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are ' +
          'not allowed to access.',
      },
    ],
    [
      'a ciphertext made that of another key of the same external key',
      (kms, blob) => [withKeyId(blob, kms.otherKey.keyId)],
      { errorName: 'KMSInvalidStateException', message: CORRUPTED_INSIDE },
    ],
    [
      'a ciphertext made that of another key of another external key',
      (kms, blob) => [withKeyId(blob, kms.addKey(kms.otherStore.customKeyStoreId, { xksKeyId: 'bar' }).keyId)],
      { errorName: 'KMSInvalidStateException', message: CORRUPTED_OUTSIDE },
    ],
  ];
  it.each(cases)('refuse %s', async (_, change, error) => {
    const kms = new TwoKeys();
    const [CiphertextBlob, KeyId] = change(kms, await kms.encrypted());
    await expect(kms.call(decrypt, { CiphertextBlob, KeyId })).rejects.toMatchObject(error);
    const input = { CiphertextBlob, SourceKeyId: KeyId, DestinationKeyId: kms.key.keyId };
    await expect(kms.call(reEncrypt, input)).rejects.toMatchObject(error);
  });

  it.each([
    ['another plaintext', (plaintext: Buffer) => Buffer.from(plaintext).fill(1)],
    ['a shorter plaintext', (plaintext: Buffer) => plaintext.subarray(1)],
    ['hardly a plaintext', (plaintext: Buffer) => plaintext.subarray(0, 5)],
    ['no plaintext', () => Buffer.alloc(0)],
  ])('refuse %s from the proxy', async (_, change) => {
    const kms = new TwoKeys();
    const CiphertextBlob = await kms.encrypted();
    const real = kms.xksProxy.decrypt.bind(kms.xksProxy);
    kms.xksProxy.decrypt = async (...call) => change(await real(...call));
    const error = { errorName: 'KMSInvalidStateException', message: CORRUPTED_INSIDE };
    await expect(kms.call(decrypt, { CiphertextBlob })).rejects.toMatchObject(error);
    const input = { CiphertextBlob, DestinationKeyId: kms.key.keyId };
    await expect(kms.call(reEncrypt, input)).rejects.toMatchObject(error);
  });

  function withKeyId(blob: string, keyId: string): string {
    const bytes = Buffer.from(blob, 'base64');
    bytes.write(keyId.replaceAll('-', ''), 1, 'hex');
    return base64(bytes);
  }
});

describe('ReEncrypt', () => {
  it('moves a ciphertext to another key and encryption context', async () => {
    const kms = new TwoKeys();
    const blob = await kms.encrypted('attack at dawn', kms.key, CONTEXT);
    const output = await kms.call(reEncrypt, {
      CiphertextBlob: blob,
      SourceEncryptionContext: CONTEXT,
      SourceKeyId: kms.key.keyId,
      DestinationKeyId: kms.otherKey.keyId,
      DestinationEncryptionContext: { b: 'c' },
    });
    const CiphertextBlob = output?.['CiphertextBlob'];
    expect(output).toEqual({
      CiphertextBlob,
      SourceKeyId: kms.arn(kms.key),
      KeyId: kms.arn(kms.otherKey),
      SourceEncryptionAlgorithm: SYMMETRIC_DEFAULT,
      DestinationEncryptionAlgorithm: SYMMETRIC_DEFAULT,
    });
    const input = { CiphertextBlob: base64(CiphertextBlob), KeyId: kms.otherKey.keyId, EncryptionContext: { b: 'c' } };
    expect(await kms.call(decrypt, input)).toMatchObject({ Plaintext: Buffer.from('attack at dawn') });
  });

  it('refuses a destination that cannot be used, without calling a proxy', async () => {
    const kms = new TwoKeys();
    const CiphertextBlob = await kms.encrypted();
    kms.state.keys.setState(kms.otherKey.keyId, 'PendingDeletion', kms.now);
    kms.xksProxy.calls.length = 0;
    const input = { CiphertextBlob, DestinationKeyId: kms.otherKey.keyId };
    await expect(kms.call(reEncrypt, input)).rejects.toMatchObject({
      errorName: 'KMSInvalidStateException',
      message: `${kms.arn(kms.otherKey)} is pending deletion.`,
    });
    expect(kms.xksProxy.calls).toEqual([]);
  });
});

describe('GenerateDataKey', () => {
  it.each([
    [{ KeySpec: 'AES_256' }, 32],
    [{ KeySpec: 'AES_128' }, 16],
    [{ NumberOfBytes: 1 }, 1],
    [{ NumberOfBytes: 1024 }, 1024],
  ])('%j returns a random key, plain and encrypted', async (size, length) => {
    const kms = new TwoKeys();
    const input = { KeyId: kms.key.keyId, EncryptionContext: CONTEXT, ...size };
    const output = await kms.call(generateDataKey, input);
    const { CiphertextBlob, Plaintext } = output ?? {};
    expect(output).toEqual({ CiphertextBlob, Plaintext, KeyId: kms.arn(kms.key) });
    expect(Plaintext).toHaveLength(length);
    const decrypted = await kms.call(decrypt, {
      CiphertextBlob: base64(CiphertextBlob),
      EncryptionContext: CONTEXT,
    });
    expect(decrypted).toMatchObject({ Plaintext });

    const without = await kms.call(generateDataKeyWithoutPlaintext, input);
    expect(without).toEqual({ CiphertextBlob: without?.['CiphertextBlob'], KeyId: kms.arn(kms.key) });
    const unseen = await kms.call(decrypt, {
      CiphertextBlob: base64(without?.['CiphertextBlob']),
      EncryptionContext: CONTEXT,
    });
    expect(unseen?.['Plaintext']).toHaveLength(length);
    if (length > 1) expect(unseen?.['Plaintext']).not.toEqual(Plaintext);
  });

  const value = (found: number, bound: string) =>
    `1 validation error detected: Value '${found}' at 'numberOfBytes' failed to satisfy constraint: Member must have value ${bound}`;
  it.each([
    [{}, 'Please specify either number of bytes or key spec.'],
    [{ KeySpec: 'AES_256', NumberOfBytes: 32 }, 'Please specify either number of bytes or key spec.'],
    [{ NumberOfBytes: 0 }, value(0, 'greater than or equal to 1')],
    [{ NumberOfBytes: 1025 }, value(1025, 'less than or equal to 1024')],
    [
      { KeySpec: 'AES-256' },
      "1 validation error detected: Value 'AES-256' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
    ],
  ])('refuses %j', async (size, message) => {
    const kms = new TwoKeys();
    for (const operation of [generateDataKey, generateDataKeyWithoutPlaintext]) {
      const input = { KeyId: kms.key.keyId, ...size };
      const error = { errorName: 'ValidationException', message };
      await expect(kms.call(operation, input)).rejects.toMatchObject(error);
    }
    expect(kms.xksProxy.calls).toEqual([]);
  });
});

describe('each operation', () => {
  it('tells the proxy the operation and its caller', async () => {
    const kms = new TwoKeys();
    const caller = { awsSourceVpc: 'vpc-1', awsSourceVpce: 'vpce-1', kmsViaService: 's3' };
    const called = async (operation: Operation, input: object, from?: typeof caller) => {
      kms.xksProxy.calls.length = 0;
      await kms.call(operation, input, from);
      return kms.xksProxy.calls.map(({ xksOperation, customKeyStoreId, proxy, xksKeyId, requestMetadata }) => {
        expect(requestMetadata.kmsRequestId).toMatch(/^[0-9a-f-]{36}$/);
        return { xksOperation, customKeyStoreId, proxy, xksKeyId, requestMetadata };
      });
    };
    const call = (xksOperation: string, kmsOperation: string, store: typeof kms.store, key: KmsKey, more = {}) => ({
      xksOperation,
      customKeyStoreId: store.customKeyStoreId,
      proxy: store.proxy,
      xksKeyId: 'foo',
      requestMetadata: {
        awsPrincipalArn: 'arn:aws:iam::111122223333:user/Alice',
        kmsKeyArn: kms.arn(key),
        kmsOperation,
        kmsRequestId: expect.any(String) as string,
        ...more,
      },
    });
    for (const [name, operation, input] of await kms.inputs()) {
      const expected = (more?: object) =>
        name === 'ReEncrypt'
          ? [call('Decrypt', name, kms.store, kms.key, more), call('Encrypt', name, kms.otherStore, kms.otherKey, more)]
          : [call(name === 'Decrypt' ? 'Decrypt' : 'Encrypt', name, kms.store, kms.key, more)];
      expect(await called(operation, input)).toEqual(expected());
      expect(await called(operation, input, caller)).toEqual(expected(caller));
    }
  });

  it('is refused for a key that is disabled, pending deletion or unavailable', async () => {
    const kms = new TwoKeys();
    const inputs = await kms.inputs();
    const arn = kms.arn(kms.key);
    const refused = async (errorName: string, message: string) => {
      for (const [, operation, input] of inputs) {
        await expect(kms.call(operation, input)).rejects.toMatchObject({ errorName, message });
      }
    };
    kms.state.keys.setState(kms.key.keyId, 'Disabled');
    await refused('DisabledException', `${arn} is disabled.`);
    kms.state.keys.setState(kms.key.keyId, 'PendingDeletion', kms.now);
    await refused('KMSInvalidStateException', `${arn} is pending deletion.`);
    kms.state.keys.setState(kms.key.keyId, 'Enabled');
    for (const state of ['DISCONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTING'] as const) {
      kms.state.customKeyStores.setConnection(kms.store.customKeyStoreId, state);
      await refused(
        'KMSInvalidStateException',
        `${arn} is unavailable. This KMS key is in a custom key store that is not connected to its external key store ` +
          'proxy. Connect the external key store and try the request again.',
      );
    }
    expect([kms.xksProxy.calls, kms.taken]).toEqual([[], []]);
  });

  it('ends a dry run after the checks, and before the quota and the proxy', async () => {
    const kms = new TwoKeys();
    const inputs = await kms.inputs();
    for (const [, operation, input] of inputs) {
      await expect(kms.call(operation, { ...input, DryRun: true })).rejects.toMatchObject({
        errorName: 'DryRunOperationException',
        message: 'The request would have succeeded, but the DryRun option is set.',
      });
    }
    kms.state.keys.setState(kms.key.keyId, 'Disabled');
    for (const [, operation, input] of inputs) {
      await expect(kms.call(operation, { ...input, DryRun: true })).rejects.toMatchObject({
        errorName: 'DisabledException',
      });
    }
    expect([kms.xksProxy.calls, kms.taken]).toEqual([[], []]);
    kms.state.keys.setState(kms.key.keyId, 'Enabled');
    for (const [, operation, input] of inputs) await kms.call(operation, { ...input, DryRun: false });
  });

  it.each(Object.keys(FAILURE_TABLE) as FailureReason[])('handles the proxy’s %s as KMS does', async (reason) => {
    const kms = new TwoKeys();
    const inputs = await kms.inputs();
    kms.xksProxy.failure = new XksProxyFailure(reason, 'words of the proxy');
    for (const [, operation, input] of inputs) {
      await expect(kms.call(operation, input)).rejects.toMatchObject({
        errorName: reason === 'Internal' ? 'KMSInternalException' : 'KMSInvalidStateException',
        message: FAILURE_TABLE[reason].message,
        detail: 'words of the proxy',
      });
    }
  });

  it('is counted once for each key store that it needs, before the proxy is called', async () => {
    const kms = new TwoKeys();
    const [first, second] = [kms.store.customKeyStoreId, kms.otherStore.customKeyStoreId];
    for (const [name, operation, input] of await kms.inputs()) {
      kms.taken.length = 0;
      await kms.call(operation, input);
      expect(kms.taken).toEqual(name === 'ReEncrypt' ? [first, second] : [first]);
    }
    const throttles: Throttle[] = [];
    const inputs = await kms.inputs();
    kms.quota = requestQuota(1, (throttle) => throttles.push(throttle));
    kms.quota.take(first, 'Encrypt');
    for (const [, operation, input] of inputs) {
      await expect(kms.call(operation, input)).rejects.toMatchObject({
        errorName: 'ThrottlingException',
        message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
      });
    }
    expect(throttles).toEqual(inputs.map(([kmsOperation]) => ({ customKeyStoreId: first, kmsOperation })));
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it('counts a ReEncrypt within one key store twice', async () => {
    const kms = new TwoKeys();
    const CiphertextBlob = await kms.encrypted();
    kms.xksProxy.calls.length = 0;
    kms.quota = requestQuota(1, () => undefined);
    const input = { CiphertextBlob, DestinationKeyId: kms.key.keyId };
    await expect(kms.call(reEncrypt, input)).rejects.toMatchObject({
      errorName: 'ThrottlingException',
      message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
    });
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it('accepts only one encryption algorithm', async () => {
    const kms = new TwoKeys();
    const members: Record<string, string[]> = {
      Encrypt: ['EncryptionAlgorithm'],
      Decrypt: ['EncryptionAlgorithm'],
      ReEncrypt: ['SourceEncryptionAlgorithm', 'DestinationEncryptionAlgorithm'],
    };
    for (const [name, operation, input] of await kms.inputs()) {
      for (const member of members[name] ?? []) {
        await expect(kms.call(operation, { ...input, [member]: 'RSAES_OAEP_SHA_256' })).rejects.toMatchObject({
          errorName: 'InvalidKeyUsageException',
          message: 'Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.',
        });
      }
    }
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it('accepts no attestation documents', async () => {
    const kms = new TwoKeys();
    const Recipient = { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: 'AAAA' };
    for (const [name, operation, input] of await kms.inputs()) {
      if (name !== 'Decrypt' && name !== 'GenerateDataKey') continue;
      await expect(kms.call(operation, { ...input, Recipient })).rejects.toMatchObject({
        errorName: 'UnsupportedOperationException',
        message: 'The local KMS does not accept attestation documents (Recipient).',
      });
    }
    expect(kms.xksProxy.calls).toEqual([]);
  });

  it.each([
    ['Decrypt', 'recipient.keyEncryptionAlgorithm', { Recipient: { KeyEncryptionAlgorithm: 'NONE' } }],
    ['GenerateDataKey', 'recipient.keyEncryptionAlgorithm', { Recipient: { KeyEncryptionAlgorithm: 'NONE' } }],
    ['Decrypt', 'dryRunModifiers.1.member', { DryRunModifiers: ['NONE'] }],
    ['ReEncrypt', 'dryRunModifiers.1.member', { DryRunModifiers: ['NONE'] }],
  ])('%s checks %s, although it does not use it', async (operationName, member, members) => {
    const kms = new TwoKeys();
    const [, operation, input] = (await kms.inputs()).find(([name]) => name === operationName) ?? [];
    if (!operation) throw new Error(`There is no input of ${operationName}`);
    await expect(kms.call(operation, { ...input, ...members })).rejects.toMatchObject({
      errorName: 'ValidationException',
      message: expect.stringMatching(
        `^1 validation error detected: Value 'NONE' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: `,
      ) as string,
    });
  });

  it('checks its grant tokens and encryption contexts', async () => {
    const kms = new TwoKeys();
    for (const [name, operation, input] of await kms.inputs()) {
      const context = name === 'ReEncrypt' ? 'DestinationEncryptionContext' : 'EncryptionContext';
      const rejected = (members: object) => expect(kms.call(operation, { ...input, ...members })).rejects;
      await rejected({ GrantTokens: Array<string>(11).fill('token') }).toMatchObject({
        errorName: 'ValidationException',
        message:
          "1 validation error detected: Value at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10",
      });
      await rejected({ [context]: { a: 'x'.repeat(8192) } }).toMatchObject({
        errorName: 'ValidationException',
        message:
          'The encryption context must have at most 8192 bytes, 2 for each key and each value included; it has 8197.',
      });
      for (const wrong of [{ a: 1 }, { a: { b: 'c' } }, ['a'], 'a']) {
        await rejected({ [context]: wrong }).toMatchObject({
          errorName: 'SerializationException',
          message: expect.stringMatching(/^The type of \w*ncryptionContext(\.a)? is not the one expected$/) as string,
        });
      }
    }
    expect(kms.xksProxy.calls).toEqual([]);
  });
});
