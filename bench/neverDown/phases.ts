import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyPair } from '../../certs/issueCertificate.ts';
import { Secret } from '../../src/secret.ts';
import { encryptBody, keyPath } from '../../test/support/messages.ts';
import { OTHER_PREFIX } from '../../test/support/signedRequest.ts';
import type { Fleet } from './fleet.ts';
import type { Identity, KmsClient } from './kmsClient.ts';
import type { ProxyInstance } from './proxyInstance.ts';

/** Certificates, made before the load, because making keys takes time. */
export interface Certificates {
  /** Authority of the servers' certificates. */
  readonly ca: KeyPair;
  readonly server: KeyPair;
  readonly nextServer: KeyPair;
  /** Authority of the client's first certificate. */
  readonly clientCa: KeyPair;
  readonly client: KeyPair;
  readonly nextClientCa: KeyPair;
  readonly nextClient: KeyPair;
}

export interface Scene {
  readonly fleet: Fleet;
  readonly client: KmsClient;
  readonly certificates: Certificates;
  /** Kills the worker of this proxy that has served longest. */
  readonly kill: (instance: ProxyInstance) => void;
  /** Least duration of each phase. */
  readonly seconds: number;
}

/** Change of the fleet under load. `run` throws if the change does not take effect. */
export interface Phase {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<void>;
}

// Workers accept connections in turn, so this number reaches each of them.
const ASK_EACH = 4;
const KILLS = 4;

export const PHASES: readonly Phase[] = [
  { name: 'nothing', run: () => Promise.resolve() },
  { name: 'workers killed with SIGKILL, each when the previous one is replaced', run: killWorkers },
  { name: 'credential rotated: added, used, removed', run: rotateCredential },
  { name: 'server certificate replaced, found without a signal', run: replaceServerCertificate },
  { name: 'client CA replaced: both trusted, new one used, old one removed', run: replaceClientCa },
  { name: 'key of the second key store blocked and unblocked', run: blockKey },
  { name: 'quotas set, changed and removed', run: changeQuotas },
  { name: 'bad configurations', run: publishBadConfigurations },
  { name: 'key rotated: new version to decrypt only, then to encrypt', run: rotateKey },
  { name: 'credential rotated while workers are killed and start', run: rotateWhileWorkersStart },
  { name: 'one target drained and replaced', run: replaceTarget },
  { name: 'nothing, again', run: () => Promise.resolve() },
];

async function killWorkers({ fleet, kill, seconds }: Scene): Promise<void> {
  for (let time = 0; time < KILLS; time += 1) {
    const instance = fleet.instances[time % fleet.instances.length];
    if (instance) kill(instance);
    // Wait, so that the client has replaced its broken connections.
    await sleep((seconds * 1_000) / (2 * KILLS));
    await fleet.allServing();
  }
}

async function rotateCredential(scene: Scene): Promise<void> {
  const { fleet, client, seconds } = scene;
  const old = client.identity;
  const printed = await fleet.run('credential', 'add', 'first');
  await fleet.publish();
  client.use({ credential: readCredentialFile(printed) });
  await sleep(seconds * 250);
  await fleet.run('credential', 'remove', 'first', old.credential.accessKeyId);
  await fleet.publish();
  await expectOfAll(scene, 'AuthenticationFailedException', { identity: old });
}

async function replaceServerCertificate({ fleet, client, certificates }: Scene): Promise<void> {
  fleet.writeServerCertificate(certificates.nextServer);
  await fleet.publish('reloaded', { signal: false });
  const { serialNumber } = new X509Certificate(certificates.nextServer.certificate);
  for (const instance of fleet.instances) {
    for (let time = 0; time < ASK_EACH; time += 1) {
      assert.equal(await client.serialNumberOf(instance), serialNumber, 'the old server certificate is shown');
    }
  }
}

async function replaceClientCa(scene: Scene): Promise<void> {
  const { fleet, client, certificates, seconds } = scene;
  const old = client.identity;
  fleet.write('client-ca.crt', certificates.clientCa.certificate + certificates.nextClientCa.certificate);
  await fleet.publish();
  client.use({ certificate: certificates.nextClient });
  await sleep(seconds * 250);
  fleet.write('client-ca.crt', certificates.nextClientCa.certificate);
  await fleet.publish();
  await expectOfAll(scene, 'no answer', { identity: { ...client.identity, certificate: old.certificate } });
  await expectOfAll(scene, 'ok');
}

async function blockKey(scene: Scene): Promise<void> {
  const { fleet, client } = scene;
  const identity = { ...client.identity, credential: fleet.secondCredential };
  for (const [status, expected] of [
    ['blocked', 'InvalidStateException'],
    ['enabled', 'ok'],
  ] as const) {
    fleet.edit(({ keyStores }) => Object.assign(keyStores[1]?.keys[0] ?? {}, { status }));
    await fleet.publish();
    await expectOfAll(scene, expected, { identity, path: keyPath('blockable', 'encrypt', OTHER_PREFIX) });
    await expectOfAll(scene, 'ok', { identity, path: keyPath('other', 'encrypt', OTHER_PREFIX) });
  }
}

async function changeQuotas(scene: Scene): Promise<void> {
  const { fleet, client } = scene;
  const identity = { ...client.identity, credential: fleet.secondCredential };
  const path = keyPath('other', 'encrypt', OTHER_PREFIX);
  const set = async (...quotas: object[]) => {
    fleet.edit(({ keyStores }) => {
      for (const [index, store] of keyStores.entries()) Object.assign(store, { quota: quotas[index] });
    });
    await fleet.publish();
  };
  await set({ requestsPerSecond: 10_000 }, { requestsPerSecond: 0.001, burst: 1 });
  // The quota is for all processes of a proxy together, so these requests use it up.
  await askAll(scene, { identity, path });
  await expectOfAll(scene, 'ThrottlingException', { identity, path });
  await set({ requestsPerSecond: 20_000, burst: 5_000 }, { requestsPerSecond: 100 });
  await expectOfAll(scene, 'ok', { identity, path });
  await set();
  await expectOfAll(scene, 'ok', { identity, path });
}

async function publishBadConfigurations(scene: Scene): Promise<void> {
  const { fleet } = scene;
  const good = fleet.read('config.yaml');
  const publish = async (bad: string) => {
    fleet.write('config.yaml', bad);
    await fleet.publish('refused');
    await expectOfAll(scene, 'ok');
  };
  await publish(`${good}colour: red\n`);
  await publish(good.slice(0, good.length / 2));
  await publish(good.replace('label: first', 'label: no such token'));
  await publish(good.replace('port: 0', 'port: 1'));
  fleet.write('config.yaml', good);
  await fleet.publish();
}

async function rotateKey({ fleet, client, seconds }: Scene): Promise<void> {
  const { versions } = client.rotating;
  await fleet.run('key', 'rotate', 'rotating', '--decrypt-only', '--key-store', 'first');
  await fleet.publish();
  await sleep(seconds * 250);
  // From now on, ciphertexts of a key that had no versions name its first version.
  assert.equal(versions.size, 2, 'a version that only decrypts has encrypted');
  fleet.edit(({ keyStores }) => {
    for (const version of keyStores[0]?.keys[1]?.versions ?? []) delete version.decryptOnly;
  });
  await fleet.publish();
  await sleep(seconds * 250);
  assert.equal(versions.size, 3, 'the new version has not encrypted');
}

async function rotateWhileWorkersStart(scene: Scene): Promise<void> {
  const { fleet, client, kill } = scene;
  const old = client.identity;
  const printed = await fleet.run('credential', 'add', 'first');
  for (const instance of fleet.instances) kill(instance);
  await fleet.publish();
  client.use({ credential: readCredentialFile(printed) });
  await fleet.allServing();
  await fleet.run('credential', 'remove', 'first', old.credential.accessKeyId);
  for (const instance of fleet.instances) kill(instance);
  await fleet.publish();
  await fleet.allServing();
  await expectOfAll(scene, 'AuthenticationFailedException', { identity: old });
}

async function replaceTarget(scene: Scene): Promise<void> {
  const { fleet } = scene;
  await Promise.all([fleet.retire(), fleet.launch()]);
  await fleet.allHealthy();
  await expectOfAll(scene, 'ok');
}

interface Question {
  readonly identity?: Identity;
  readonly path?: string;
}

/** Throws unless every worker of every target answers like this. */
async function expectOfAll(scene: Scene, expected: string, question: Question = {}): Promise<void> {
  const outcomes = await askAll(scene, question);
  assert.deepEqual([...new Set(outcomes)], [expected], `expected of all: ${expected}`);
}

async function askAll({ fleet, client }: Scene, { identity, path }: Question): Promise<string[]> {
  const asked = { path: path ?? keyPath('known', 'encrypt'), body: encryptBody };
  const outcomes: string[] = [];
  for (const instance of fleet.instances) {
    for (let time = 0; time < ASK_EACH; time += 1) {
      const outcome = await client.askAt(instance, asked, identity).then(
        ({ status, body }) => (status === 200 ? 'ok' : String(body['errorName'])),
        () => 'no answer',
      );
      outcomes.push(outcome);
    }
  }
  return outcomes;
}

function readCredentialFile(printed: string): Identity['credential'] {
  const { XksProxyAuthenticationCredential: given } = JSON.parse(printed) as {
    XksProxyAuthenticationCredential: { AccessKeyId: string; RawSecretAccessKey: string };
  };
  return { accessKeyId: given.AccessKeyId, secretAccessKey: new Secret(given.RawSecretAccessKey) };
}
