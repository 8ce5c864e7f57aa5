import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KMSServiceException } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KmsCaller, keyStoreInput, optionsFor, refusal } from '../support/kmsCaller.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const EXTERNAL_KEYS = 400;

let proxy: RunningProxy;
let files: ProxyFiles;

beforeAll(async () => {
  files = new ProxyFiles();
  const [first, second] = files.config.keyStores;
  const keys = Array.from({ length: EXTERNAL_KEYS }, (_, index) => ({ id: `foo-${index}`, label: 'foo' }));
  files.writeConfig({ ...files.config, keyStores: [{ ...first, keys }, second] });
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

async function start(options: readonly string[] = [], previous?: RunningLocalKms) {
  const running = await RunningLocalKms.startProcess([...optionsFor(proxy), ...options], previous?.folder);
  return { running, kms: new KmsCaller(running) };
}

/** The resources that the local KMS has confirmed. */
interface Answered {
  readonly key: string;
  readonly alias: string;
  readonly text: string;
  readonly blob: Uint8Array;
}

/** Makes keys, aliases and ciphertexts until a call fails. */
class Customer {
  readonly answered: Answered[] = [];
  readonly failures: unknown[] = [];
  readonly #store: string;
  #next = 0;

  constructor(store: string) {
    this.#store = store;
  }

  async work(kms: KmsCaller): Promise<void> {
    try {
      for (;;) {
        const id = `foo-${this.#next++}`;
        const key = await kms.createKeyOver(id, this.#store);
        await kms.createAlias({ AliasName: `alias/${id}`, TargetKeyId: key });
        const blob = await kms.encryptText(`alias/${id}`, id);
        this.answered.push({ key, alias: `alias/${id}`, text: id, blob });
      }
    } catch (error) {
      this.failures.push(error);
    }
  }
}

describe('what the local KMS has answered is there after', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGKILL', null],
  ] as const)('%s in the middle of it', async (signal, exitCode) => {
    let { running, kms } = await start();
    const store = await kms.createConnectedKeyStore(files);
    const customer = new Customer(store);
    for (const round of [1, 2, 3]) {
      const before = customer.answered.length;
      const work = Array.from({ length: 4 }, () => customer.work(kms));
      await expect.poll(() => customer.answered.length, { interval: 1 }).toBeGreaterThan(before + 8);
      running.signal(signal);
      expect(await running.exitCode).toBe(exitCode);
      await Promise.all(work);
      // No client ended for another reason: each failure was a missing answer.
      expect(customer.failures).toHaveLength(4 * round);
      expect(customer.failures.filter((failure) => failure instanceof KMSServiceException)).toEqual([]);

      ({ running, kms } = await start([], running));
      expect(await kms.keyStore(store)).toMatchObject({ ConnectionState: 'CONNECTED' });
      const targets = new Map<string | undefined, string | undefined>();
      const { Aliases = [] } = await kms.listAliases({ Limit: 1000 });
      for (const { AliasName, TargetKeyId } of Aliases) targets.set(AliasName, TargetKeyId);
      for (const { key, alias, text, blob } of customer.answered) {
        expect(key).toBe(`arn:aws:kms:us-east-1:111122223333:key/${targets.get(alias) ?? 'none'}`);
        expect(await kms.decryptText(blob)).toBe(text);
      }
    }
  });
});

describe.each(['SIGTERM', 'SIGKILL'] as const)('after %s', (signal) => {
  const SLOWLY = ['--connect-seconds', '600', '--disconnect-seconds', '600'];

  it('after the restart, a CONNECTING key store becomes CONNECTED, and a DISCONNECTING one DISCONNECTED', async () => {
    const { running, kms } = await start(SLOWLY);
    const store = await kms.createKeyStore(files);
    await kms.connectCustomKeyStore({ CustomKeyStoreId: store });
    expect((await kms.keyStore(store)).ConnectionState).toBe('CONNECTING');
    running.signal(signal);
    await running.exitCode;

    const second = await start(['--disconnect-seconds', '600'], running);
    await second.kms.reaches(store, 'CONNECTED');
    const key = await second.kms.createKeyOver('foo-0', store);
    await second.kms.disconnectCustomKeyStore({ CustomKeyStoreId: store });
    expect((await second.kms.keyStore(store)).ConnectionState).toBe('DISCONNECTING');
    expect(await second.kms.keyState(key)).toBe('Unavailable');
    second.running.signal(signal);
    await second.running.exitCode;

    const third = await start([], running);
    await third.kms.reaches(store, 'DISCONNECTED');
    await third.kms.connect(store);
    expect(await third.kms.keyState(key)).toBe('Enabled');
  });
});

it('descriptions, states, tags and the rest of the waiting period continue', async () => {
  const { running, kms } = await start();
  const store = await kms.createConnectedKeyStore(files);
  const key = await kms.createKeyOver('foo-0', store);
  const doomed = await kms.createKeyOver('foo-1', store);
  await kms.updateKeyDescription({ KeyId: key, Description: 'remembered' });
  await kms.tagResource({ KeyId: key, Tags: [{ TagKey: 'team', TagValue: 'orders' }] });
  await kms.disableKey({ KeyId: key });
  const { DeletionDate } = await kms.scheduleKeyDeletion({ KeyId: doomed, PendingWindowInDays: 7 });
  const described = await Promise.all(
    [key, doomed].map(async (KeyId) => (await kms.describeKey({ KeyId })).KeyMetadata),
  );
  expect(described).toMatchObject([
    { KeyState: 'Disabled', Description: 'remembered' },
    { KeyState: 'PendingDeletion', DeletionDate },
  ]);
  running.signal('SIGKILL');
  await running.exitCode;

  const next = (await start([], running)).kms;
  expect(
    await Promise.all([key, doomed].map(async (KeyId) => (await next.describeKey({ KeyId })).KeyMetadata)),
  ).toEqual(described);
  expect((await next.listResourceTags({ KeyId: key })).Tags).toEqual([{ TagKey: 'team', TagValue: 'orders' }]);
});

describe('secrets', () => {
  it('are in the state, which only its owner may read, and in no log or answer', async () => {
    const { running, kms } = await start();
    const store = await kms.createConnectedKeyStore(files);
    const { XksProxyAuthenticationCredential } = keyStoreInput(files.credentials[1]);
    await kms.updateCustomKeyStore({ CustomKeyStoreId: store, XksProxyAuthenticationCredential });
    const key = await kms.createKeyOver('foo-0', store);
    const plaintext = "a plaintext that is nobody else's business";
    const blob = await kms.encryptText(key, plaintext);
    await kms.decryptText(blob);
    const badSecret = 'a secret of the wrong alphabet, which is said to be wrong';
    const message = await refusal(
      kms.updateCustomKeyStore({
        CustomKeyStoreId: store,
        XksProxyAuthenticationCredential: { ...XksProxyAuthenticationCredential, RawSecretAccessKey: badSecret },
      }),
      KMSServiceException,
      'ValidationException',
    );
    expect(message).toBe(
      "1 validation error detected: Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey' failed to satisfy " +
        'constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9/+=]+$',
    );
    await running.logged({ msg: 'call', eventName: 'UpdateCustomKeyStore', errorCode: 'ValidationException' });

    const stateFiles = readdirSync(running.folder).filter((name) => name.startsWith('kms.db'));
    expect(stateFiles).toContain('kms.db');
    const modes = stateFiles.map((name) => (statSync(join(running.folder, name)).mode & 0o777).toString(8));
    expect(new Set(modes)).toEqual(new Set(['600']));

    const said = [
      running.output,
      JSON.stringify(await kms.describeCustomKeyStores()),
      await (await fetch(`${running.endpoint}/metrics`)).text(),
      message,
    ].join('\n');
    expect(said).toContain(files.credentials[1].accessKeyId);
    const secrets = files.credentials.map(({ secretAccessKey }) => secretAccessKey.reveal());
    for (const secret of [...secrets, badSecret, plaintext]) {
      expect(said).not.toContain(secret);
      expect(said).not.toContain(Buffer.from(secret).toString('base64'));
    }
    expect(said).not.toContain(Buffer.from(blob).toString('base64').slice(0, 40));
  });
});
