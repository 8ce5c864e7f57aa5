import { randomBytes } from 'node:crypto';
import { globSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ClusterConnection } from '../../src/cloudHsm/clusterConnection.ts';
import type { ClusterFailureReason } from '../../src/cloudHsm/clusterFailure.ts';
import { ADMIN, ClusterUnderTest, KMSUSER, withPassword } from '../support/cloudHsmCluster.ts';

const APP_USER = { username: 'app_user', role: 'internal(APPLIANCE_USER)', isLocked: false };

async function guess(connection: ClusterConnection, user = KMSUSER): Promise<unknown> {
  return connection.login(withPassword(user, 'wrongPassword')).catch((error: unknown) => error);
}

/** Expects all of these concurrent calls to fail for this reason. */
async function expectFailures(reason: ClusterFailureReason, ...calls: readonly Promise<unknown>[]): Promise<void> {
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ reason })));
}

async function lock(cluster: ClusterUnderTest, user = KMSUSER): Promise<ClusterConnection> {
  const connection = await cluster.connect();
  for (let tries = 0; tries < 5; tries += 1)
    expect(await guess(connection, user)).toMatchObject({ reason: 'wrong password' });
  return connection;
}

it('is activated once, by the first password of admin, and reports it then and at each start', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.start();
  const connection = await cluster.connect();
  expect(await connection.listUsers()).toEqual([
    { username: 'admin', role: 'unactivated-admin', isLocked: false },
    APP_USER,
  ]);
  await expect(connection.login(ADMIN)).rejects.toMatchObject({ reason: 'not activated' });
  expect(cluster.activations).toBe(0);
  await connection.activate(ADMIN.password);
  await expect(connection.activate(ADMIN.password)).rejects.toMatchObject({ reason: 'already activated' });
  await expect.poll(() => cluster.activations).toBe(1);
  await connection.login(ADMIN);
  expect(await connection.listUsers()).toEqual([{ username: 'admin', role: 'admin', isLocked: false }, APP_USER]);
  await running.stop();
  await cluster.start();
  await expect.poll(() => cluster.activations).toBe(2);
});

it('makes keys that are not extractable, and decrypts their ciphertexts only with the same AAD', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const user = await cluster.connect(KMSUSER);
  const key = await user.generateKey('arn:aws:kms:us-east-1:111122223333:key/a');
  expect(key.id).toMatch(/^[0-9a-f]{32}$/);
  const [plaintext, aad] = [randomBytes(4_096), randomBytes(8_192)];
  const sealed = await user.encrypt(key, plaintext, aad);
  expect(await user.decrypt(key, sealed, aad)).toEqual(plaintext);
  for (const [tampered, with_] of [
    [sealed, Buffer.alloc(1)],
    [{ ...sealed, tag: Buffer.alloc(16) }, aad],
    [{ ...sealed, iv: randomBytes(12) }, aad],
    [{ ...sealed, ciphertext: sealed.ciphertext.subarray(1) }, aad],
  ] as const)
    await expect(user.decrypt(key, tampered, with_)).rejects.toMatchObject({ reason: 'invalid ciphertext' });
  const other = await user.generateKey('other');
  await expect(user.decrypt(other, sealed, aad)).rejects.toMatchObject({ reason: 'invalid ciphertext' });
  const keys = await user.listKeys();
  expect(keys.map(({ id }) => id).sort()).toEqual([key.id, other.id].sort());
  expect(keys.find(({ id }) => id === key.id)).toEqual({
    id: key.id,
    reference: `0x0000${key.id.slice(0, 12)}`,
    owner: 'kmsuser',
    attributes: {
      'key-type': 'aes',
      label: 'arn:aws:kms:us-east-1:111122223333:key/a',
      id: `0x${key.id}`,
      'check-value': expect.stringMatching(/^0x[0-9a-f]{6}$/) as string,
      class: 'secret-key',
      encrypt: true,
      decrypt: true,
      token: true,
      'always-sensitive': true,
      derive: false,
      destroyable: true,
      extractable: false,
      local: true,
      modifiable: false,
      'never-extractable': true,
      private: true,
      sensitive: true,
      sign: false,
      trusted: false,
      unwrap: false,
      verify: false,
      wrap: false,
      'wrap-with-trusted': false,
      'key-length-bytes': 32,
    },
  });
  await user.deleteKey(key);
  expect(await user.keyExists(key)).toBe(false);
  expect(await user.keyExists(other)).toBe(true);
  await expectFailures(
    'key not found',
    user.deleteKey(key),
    user.decrypt(key, sealed, aad),
    user.encrypt(key, plaintext, aad),
  );
});

it('has one login per connection, which ends with the connection', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const stranger = await cluster.connect();
  await expectFailures(
    'not logged in',
    stranger.listKeys(),
    stranger.logout(),
    stranger.createUser(KMSUSER),
    stranger.generateKey('a'),
  );
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  await expect(stranger.listKeys()).rejects.toMatchObject({ reason: 'not logged in' });
  await expect(stranger.login(KMSUSER)).rejects.toMatchObject({ reason: 'logged in elsewhere' });
  const admin = await cluster.connect(ADMIN);
  await expect(admin.listKeys()).rejects.toMatchObject({ reason: 'not logged in' });
  await expect(admin.changePassword(KMSUSER)).rejects.toMatchObject({ reason: 'logged in elsewhere' });
  await expect(kms.changePassword(ADMIN)).rejects.toMatchObject({ reason: 'refused' });
  await expect(kms.login(KMSUSER)).rejects.toMatchObject({ reason: 'refused' });
  // An administrator logs in and out while the crypto user works.
  await expect(kms.encrypt(key, Buffer.from('a'), Buffer.alloc(0))).resolves.toHaveProperty('tag');
  kms.close();
  await expect.poll(() => stranger.login(KMSUSER).catch(() => 'not yet')).toBeUndefined();
  expect(await stranger.keyExists(key)).toBe(true);
  await stranger.logout();
  await expect(stranger.listKeys()).rejects.toMatchObject({ reason: 'not logged in' });
});

it('has one crypto user, and passwords of 7 to 32 characters', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.start();
  const admin = await cluster.connect();
  await expect(admin.activate(KMSUSER.password)).resolves.toBeUndefined();
  await admin.login({ ...KMSUSER, username: 'ADMIN', role: 'admin' });
  for (const password of ['six666', 'a'.repeat(33), 'with blank', 'with:colon', 'pässword', 'line\nbreak'])
    await expect(admin.createUser(withPassword(KMSUSER, password))).rejects.toMatchObject({ reason: 'refused' });
  for (const username of ['', 'admin', 'app_user', 'a b', 'a'.repeat(32), '__proto__ '])
    await expect(admin.createUser({ ...KMSUSER, username })).rejects.toMatchObject({ reason: 'refused' });
  await expect(admin.createUser({ ...ADMIN, username: 'second' })).rejects.toMatchObject({ reason: 'refused' });
  const strange = await cluster.connect();
  await expect(strange.login(KMSUSER)).rejects.toMatchObject({ reason: 'user not found' });
  await admin.createUser({ ...KMSUSER, username: 'KmsUser' });
  await expect(admin.createUser(KMSUSER)).rejects.toThrow('only one crypto user, kmsuser');
  await expect(strange.login({ ...KMSUSER, role: 'admin' })).rejects.toMatchObject({ reason: 'user not found' });
  await strange.login(KMSUSER);
  expect(await admin.listUsers()).toContainEqual({ username: 'kmsuser', role: 'crypto-user', isLocked: false });
});

it('locks a user at the fifth wrong password, across restarts, until admin changes it', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  const connection = await lock(cluster);
  await expect(connection.login(KMSUSER)).rejects.toMatchObject({ reason: 'locked out' });
  process.kill(running.pid, 'SIGKILL');
  await running.ended;
  await cluster.start();
  const again = await cluster.connect();
  await expect(again.login(KMSUSER)).rejects.toMatchObject({ reason: 'locked out' });
  expect(await again.listUsers()).toContainEqual({ username: 'kmsuser', role: 'crypto-user', isLocked: true });
  const admin = await cluster.connect(ADMIN);
  await admin.changePassword(withPassword(KMSUSER, 'another1'));
  expect(await guess(again)).toMatchObject({ reason: 'wrong password' });
  await again.login(withPassword(KMSUSER, 'another1'));
});

it('counts wrong passwords in a row only', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const connection = await cluster.connect();
  for (let round = 0; round < 2; round += 1) {
    for (let tries = 0; tries < 4; tries += 1)
      expect(await guess(connection)).toMatchObject({ reason: 'wrong password' });
    await connection.login(KMSUSER);
    await connection.logout();
  }
});

it('fails the operations of a crypto user who is locked while logged in', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  await lock(cluster);
  await expectFailures(
    'locked out',
    kms.encrypt(key, Buffer.from('a'), Buffer.alloc(0)),
    kms.generateKey('b'),
    kms.changePassword(KMSUSER),
  );
  await kms.logout();
  const admin = await cluster.connect(ADMIN);
  await admin.changePassword(KMSUSER);
  await kms.login(KMSUSER);
  expect(await kms.keyExists(key)).toBe(true);
});

it('changes passwords in the token: of a user by itself, and of admin while the crypto user is logged in', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  const [kms, admin] = [await cluster.connect(KMSUSER), await cluster.connect(ADMIN)];
  const key = await kms.generateKey('a');
  await kms.changePassword(withPassword(KMSUSER, 'rotated1'));
  await admin.changePassword(withPassword(ADMIN, 'rotated2'));
  // Both continue with what they know now.
  await admin.changePassword(withPassword(ADMIN, 'rotated3'));
  await kms.changePassword(withPassword(KMSUSER, 'rotated4'));
  expect(await kms.keyExists(key)).toBe(true);
  await running.stop();
  await cluster.start();
  const next = await cluster.connect();
  for (const user of [ADMIN, KMSUSER, withPassword(ADMIN, 'rotated2'), withPassword(KMSUSER, 'rotated1')])
    await expect(next.login(user)).rejects.toMatchObject({ reason: 'wrong password' });
  await next.login(withPassword(ADMIN, 'rotated3'));
  await next.logout();
  await next.login(withPassword(KMSUSER, 'rotated4'));
  expect(await next.keyExists(key)).toBe(true);
});

it('has no free session in a burst beyond its limit, and serves later requests', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated({ maxSessions: 2 });
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  const encrypt = () => kms.encrypt(key, Buffer.from('a'), Buffer.alloc(0));
  const burst = await Promise.allSettled(Array.from({ length: 50 }, encrypt));
  const failures = burst.filter((each) => each.status === 'rejected').map(({ reason }: { reason: unknown }) => reason);
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.length).toBeLessThan(50);
  for (const failure of failures) expect(failure).toMatchObject({ reason: 'no free session' });
  for (let times = 0; times < 5; times += 1) await expect(encrypt()).resolves.toHaveProperty('iv');
});

it('makes all files for their owner only, and stores no password', async () => {
  const cluster = new ClusterUnderTest();
  await cluster.startActivated();
  await guess(await cluster.connect());
  const files = [cluster.clusterFolder, ...globSync(`${cluster.folder}/**/*`)];
  expect(files.some((file) => file.endsWith('token.object'))).toBe(true);
  for (const folder of [
    cluster.clusterFolder,
    join(cluster.clusterFolder, 'tokens'),
    join(cluster.folder, 'xks-proxy'),
  ])
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  const text = files.filter((file) => lstatSync(file).isFile()).map((file) => readFileSync(file, 'latin1'));
  const said = JSON.stringify(cluster.log) + text.join();
  for (const { password } of [ADMIN, KMSUSER]) expect(said).not.toContain(password.reveal());
  expect(said).not.toContain('wrongPassword');
});

it('can be restored from a backup under another id', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  const sealed = await kms.encrypt(key, Buffer.from('old'), Buffer.alloc(0));
  const copy = new ClusterUnderTest(cluster.folder);
  await running.copyTo(copy.clusterFolder);
  await kms.deleteKey(key);
  await copy.start();
  const other = await copy.connect(KMSUSER);
  expect(String(await other.decrypt(key, sealed, Buffer.alloc(0)))).toBe('old');
  expect(await kms.keyExists(key)).toBe(false);
  const modes = globSync(join(copy.clusterFolder, 'tokens{,/**/*}')).map((file) => lstatSync(file).mode & 0o077);
  expect(modes.length).toBeGreaterThan(2);
  expect(new Set(modes)).toEqual(new Set([0]));
});
