import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, StateFileFailure } from '../../../src/kms/state/database.ts';
import type { Backup, Hsm } from '../../../src/kms/state/clusterRecords.ts';
import { KmsState } from '../../../src/kms/state/kmsState.ts';
import { Secret } from '../../../src/secret.ts';
import { BACKUP, HSM, UNINITIALIZED_CLUSTER } from '../../support/clusterRecords.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const CLUSTER = UNINITIALIZED_CLUSTER;
const ACTIVE_HSM: Hsm = { ...HSM, state: 'ACTIVE' };
const DELETED_BACKUP: Backup = { ...BACKUP, state: 'PENDING_DELETION', neverExpires: true, deleteTimestamp: 4 };

describe('the state', () => {
  it('returns what was stored', () => {
    const kms = new LocalKmsUnderTest();
    const store = kms.addKeyStore();
    const key = kms.addKey(store.customKeyStoreId, { tags: [{ key: 'a', value: 'b' }], description: 'é' });
    const alias = { aliasName: 'alias/x', targetKeyId: key.keyId, creationDate: 1, lastUpdatedDate: 2 };
    kms.state.aliases.put(alias);
    const [found] = kms.state.customKeyStores.external();
    expect(found).toEqual(store);
    expect(found?.proxy.rawSecretAccessKey.reveal()).toBe(store.proxy.rawSecretAccessKey.reveal());
    const foundKey = kms.state.keys.findByXksKeyId(store.customKeyStoreId, key.xksKeyId);
    expect({ ...foundKey, keyMaterial: foundKey?.keyMaterial.export() }).toEqual({
      ...key,
      keyMaterial: key.keyMaterial.export(),
    });
    expect(kms.state.aliases.list()).toEqual([alias]);
  });

  it('refuses to delete a key store with keys, and to reuse names and external keys', () => {
    const kms = new LocalKmsUnderTest();
    const store = kms.addKeyStore();
    kms.addKey(store.customKeyStoreId);
    expect(() => {
      kms.state.customKeyStores.delete(store.customKeyStoreId);
    }).toThrow(/FOREIGN KEY/);
    expect(() => kms.addKeyStore({ customKeyStoreName: store.customKeyStoreName })).toThrow(/UNIQUE/);
    expect(() => kms.addKey(store.customKeyStoreId)).toThrow(/UNIQUE/);
  });

  it('returns a key store and a key in a cluster, and the password that KMS knows', () => {
    const kms = new LocalKmsUnderTest();
    const store = kms.addCloudHsmKeyStore();
    const key = kms.addClusterKey(store.customKeyStoreId);
    expect(kms.state.customKeyStores.list()).toEqual([store]);
    expect(kms.state.keys.find(key.keyId)).toEqual(key);
    kms.state.keys.setMaterialMissing(key.keyId, true);
    expect(kms.state.keys.inCluster(store.customKeyStoreId)).toEqual([{ ...key, isMaterialMissing: true }]);
    const passwords = () => {
      const [{ keyStorePassword: now, nextKeyStorePassword: next } = store] = kms.state.customKeyStores.cloudHsm();
      return [now.reveal(), next?.reveal()];
    };
    expect(passwords()).toEqual(['kmsuserPassword1', undefined]);
    kms.state.customKeyStores.setPasswords(store.customKeyStoreId, new Secret('one'), new Secret('two'));
    expect(passwords()).toEqual(['one', 'two']);
    kms.state.customKeyStores.setPasswords(store.customKeyStoreId, new Secret('two'), undefined);
    expect(passwords()).toEqual(['two', undefined]);
    expect(() => kms.addCloudHsmKeyStore({ cloudHsmClusterId: store.cloudHsmClusterId })).toThrow(/UNIQUE/);
  });

  it('deletes due keys with their aliases', () => {
    const kms = new LocalKmsUnderTest();
    const { customKeyStoreId } = kms.addKeyStore();
    const { keyId } = kms.addKey(customKeyStoreId);
    kms.state.keys.setState(keyId, 'PendingDeletion', kms.now + 10);
    kms.state.aliases.put({ aliasName: 'alias/x', targetKeyId: keyId, creationDate: 1, lastUpdatedDate: 1 });
    kms.state.keys.deleteDue(kms.now + 9);
    expect(kms.state.keys.find(keyId)).toMatchObject({ state: 'PendingDeletion', deletionDate: kms.now + 10 });
    kms.state.keys.deleteDue(kms.now + 10);
    expect(kms.state.keys.areIn(customKeyStoreId)).toBe(false);
    expect(kms.state.aliases.list()).toEqual([]);
  });

  it('returns clusters, ACTIVE_HSMs and backups, and accepts changes to them', () => {
    const { state } = new LocalKmsUnderTest();
    state.clusters.put(CLUSTER);
    state.hsms.put(ACTIVE_HSM);
    state.backups.put(DELETED_BACKUP);
    expect(state.clusters.find(CLUSTER.clusterId)).toEqual(CLUSTER);
    expect(state.hsms.list({ clusterId: CLUSTER.clusterId })).toEqual([ACTIVE_HSM]);
    expect(state.hsms.list({ clusterId: 'another' })).toEqual([]);
    expect(state.backups.list()).toEqual([DELETED_BACKUP]);
    const changed = { ...DELETED_BACKUP, neverExpires: false, deleteTimestamp: undefined, state: 'READY' } as const;
    state.backups.put(changed);
    expect(state.backups.list()).toEqual([changed]);
    state.backups.delete(DELETED_BACKUP.backupId);
    expect(state.backups.find(DELETED_BACKUP.backupId)).toBeUndefined();
  });

  it('keeps a cluster that has ACTIVE_HSMs, and assigns no address of a subnet twice', () => {
    const { state } = new LocalKmsUnderTest();
    state.clusters.put(CLUSTER);
    state.hsms.put(ACTIVE_HSM);
    expect(() => {
      state.clusters.delete(CLUSTER.clusterId);
    }).toThrow(/FOREIGN KEY/);
    expect(() => {
      state.hsms.put({ ...ACTIVE_HSM, hsmId: 'hsm-22222222222', eniId: 'eni-00000000000000002' });
    }).toThrow(/UNIQUE/);
  });
});

describe('the state file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xks-kms-state-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('has access for its owner only, and is read again', () => {
    const file = join(folder, 'state.db');
    const first = new KmsState(openDatabase(file));
    const kms = new LocalKmsUnderTest();
    const store = kms.addKeyStore();
    first.customKeyStores.put(store);
    first.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = new KmsState(openDatabase(file));
    expect(second.customKeyStores.list()).toEqual([store]);
    second.close();
  });

  it('is open in only one process, which an error tells the others', () => {
    const file = join(folder, 'state.db');
    const first = openDatabase(file);
    expect(() => openDatabase(file)).toThrow(
      new StateFileFailure(
        `The state file ${file} cannot be opened (another process has it open). End that process, or name another file with --state.`,
      ),
    );
    first.close();
  });

  it('with a newer version is left unchanged', () => {
    const file = join(folder, 'state.db');
    const newer = openDatabase(file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(() => openDatabase(file)).toThrow(/newer version/);
  });

  it.each([1, 2])('with version %i is upgraded in place, with all its contents', (version) => {
    const file = join(folder, 'state.db');
    const old = new DatabaseSync(file);
    for (let step = 1; step <= version; step += 1) {
      old.exec(readFileSync(join(import.meta.dirname, `../../vectors/localKmsState.v${step}.sql`), 'utf8'));
    }
    old.close();
    const [storeId, keyId] = ['cks-0123456789abcdef0', '1234abcd-12ab-34cd-56ef-1234567890ab'];
    const clusters = version === 1 ? [] : ['cluster-abcdefghij2'];
    for (const run of [1, 2]) {
      const database = openDatabase(file);
      expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
      const state = new KmsState(database);
      expect(state.customKeyStores.list()).toMatchObject([
        {
          customKeyStoreId: storeId,
          customKeyStoreType: 'EXTERNAL_KEY_STORE',
          customKeyStoreName: 'old',
          connectionState: 'DISCONNECTED',
          proxy: { uriPath: '/old/kms/xks/v1', accessKeyId: 'ABCDEFGHIJKLMNOPQRST' },
        },
      ]);
      const key = {
        origin: 'EXTERNAL_KEY_STORE',
        xksKeyId: 'foo',
        description: 'an old key',
        tags: [{ key: 'a', value: 'b' }],
      };
      expect(state.keys.find(keyId)).toMatchObject(key);
      expect(state.keys.findByXksKeyId(storeId, 'foo')?.keyMaterial.symmetricKeySize).toBe(32);
      expect(state.aliases.list()).toMatchObject([{ aliasName: 'alias/old', targetKeyId: keyId }]);
      expect(state.clusters.list().map(({ clusterId }) => clusterId)).toEqual(clusters);
      if (run === 2) {
        expect(() => {
          state.customKeyStores.delete(storeId);
        }).toThrow(/FOREIGN KEY/);
        state.keys.setState(keyId, 'PendingDeletion', 1);
        state.keys.deleteDue(1);
        expect(state.aliases.list()).toEqual([]);
      }
      state.close();
    }
  });

  it('that cannot be created gives an error with the cause', () => {
    expect(() => openDatabase(join(folder, 'none/state.db'))).toThrow(/none\/state\.db cannot be opened \(ENOENT: no/);
  });

  it('that is not a file is left unchanged, with its permissions', () => {
    chmodSync(folder, 0o750);
    expect(() => openDatabase(folder)).toThrow(
      new StateFileFailure(`The state file ${folder} is not a file. Name another one with --state.`),
    );
    expect(statSync(folder).mode & 0o777).toBe(0o750);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '640', pipe]);
    expect(() => openDatabase(pipe)).toThrow(/is not a file/);
    expect(statSync(pipe).mode & 0o777).toBe(0o640);
  });
});
