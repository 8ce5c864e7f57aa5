import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { RunningCluster } from '../../src/cloudHsm/startCluster.ts';
import { ClusterUnderTest, KMSUSER, withPassword } from '../support/cloudHsmCluster.ts';
import { isAlive } from '../support/isAlive.ts';
import { startTestProgram } from '../support/startTestProgram.ts';

/** Opens a connection and sends these bytes. */
function send({ socketPath }: RunningCluster, bytes: string | Buffer): Socket {
  const socket = connect(socketPath);
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined).write(bytes);
  return socket;
}

/** All bytes received until the cluster closes the connection. */
async function answerTo(running: RunningCluster, bytes: string | Buffer): Promise<string> {
  const answer: string[] = [];
  const socket = send(running, bytes).setEncoding('utf8');
  socket.on('data', (text: string) => answer.push(text));
  await new Promise((resolve) => socket.once('close', resolve));
  return answer.join('');
}

it('is unreachable after it is killed, and has its keys after it is started again', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  const kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  const sealed = await kms.encrypt(key, Buffer.from('old'), Buffer.alloc(0));
  process.kill(running.pid, 'SIGKILL');
  await kms.ended;
  await running.ended;
  await expect(kms.encrypt(key, Buffer.from('a'), Buffer.alloc(0))).rejects.toMatchObject({ reason: 'unreachable' });
  await expect(cluster.connect()).rejects.toMatchObject({ reason: 'unreachable' });
  await cluster.start();
  const again = await cluster.connect(KMSUSER);
  expect(String(await again.decrypt(key, sealed, Buffer.alloc(0)))).toBe('old');
});

it('accepts a login after a hanging connection with a login was closed', async () => {
  const cluster = new ClusterUnderTest();
  const { pid } = await cluster.startActivated();
  let kms = await cluster.connect(KMSUSER);
  const key = await kms.generateKey('a');
  for (let hangs = 0; hangs < 10; hangs += 1) {
    process.kill(pid, 'SIGSTOP');
    const calls = Array.from({ length: hangs }, () => kms.encrypt(key, Buffer.from('a'), Buffer.alloc(0)));
    const outcomes = Promise.allSettled(calls);
    kms.close();
    await kms.ended;
    await outcomes;
    kms = await cluster.connect();
    const login = kms.login(KMSUSER);
    process.kill(pid, 'SIGCONT');
    await login;
  }
});

it('knows the old password or the new one, whenever it is killed during a change', async () => {
  const cluster = new ClusterUnderTest();
  let running = await cluster.startActivated();
  // The confirmed password, and the one that may be in force.
  let [password, next] = [KMSUSER.password.reveal(), KMSUSER.password.reveal()];
  for (let kills = 0; kills < 10; kills += 1) {
    const kms = await cluster.connect();
    const hasOld = await kms.login(withPassword(KMSUSER, password)).then(
      () => true,
      () => false,
    );
    if (!hasOld) await kms.login(withPassword(KMSUSER, (password = next)));
    setTimeout(() => process.kill(running.pid, 'SIGKILL'), Math.random() * 50);
    let isConfirmed: boolean;
    do {
      next = `password${randomInt(1e9)}`;
      isConfirmed = await kms.changePassword(withPassword(KMSUSER, next)).then(
        () => true,
        () => false,
      );
      if (isConfirmed) password = next;
    } while (isConfirmed);
    await running.ended;
    running = await cluster.start();
  }
});

it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('ends with its starter, which %s ends', async (signal) => {
  const cluster = new ClusterUnderTest();
  const starter = join(import.meta.dirname, '../support/clusterStarter.ts');
  const lines: string[] = [];
  const { clusterId, clusterFolder, env } = cluster;
  const program = startTestProgram([process.execPath, starter, clusterId, clusterFolder], {
    env,
    onLine: (line) => lines.push(line),
  });
  await expect.poll(() => lines.length).toBe(1);
  const pid = Number(lines[0]);
  await cluster.connect();
  program.signal(signal);
  await expect.poll(() => isAlive(pid)).toBe(false);
  // The cluster has cleaned up, and another one can start.
  expect(existsSync(join(cluster.folder, 'xks-proxy', `${clusterId}.sock`))).toBe(false);
  await cluster.start();
});

it('runs only once in its folder, and only once under its id', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  for (const other of [new ClusterUnderTest(cluster.folder), cluster]) {
    const folder = other === cluster ? join(cluster.folder, 'elsewhere') : cluster.clusterFolder;
    await expect(other.start({ folder })).rejects.toThrow(`process ${running.pid} writes it`);
  }
  await cluster.connect(KMSUSER);
});

const CALL = '{"call":1,"name":"listUsers"}';

it.each([
  ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
  ['a number', '1\n'],
  ['null', 'null\n'],
  ['a list', '[]\n'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a])],
  ['an answer', '{"answer":1,"result":1}\n'],
  ['an unknown call', '{"call":1,"name":"constructor"}\n'],
  ['a call without a number', '{"name":"listUsers"}\n'],
  ['a call with a member too many', '{"call":1,"name":"listUsers","admin":true}\n'],
  ['deep nesting', `${'['.repeat(60_000)}\n`],
  ['a line without an end', 'a'.repeat(1_000_000)],
  ['a long line', `${'a'.repeat(70_000)}\n`],
])('answers %s with a refusal and closes the connection', async (_, bytes) => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.start();
  const answer = await answerTo(running, bytes);
  expect(JSON.parse(answer)).toMatchObject({ answer: null, error: { reason: 'refused' } });
  // Nothing after the failed line is executed.
  expect(await answerTo(running, `${CALL}\n}\n${CALL}\n`)).toMatch(/^\{"answer":1,[^\n]*\n\{"answer":null,[^\n]*\n$/);
  await (await cluster.connect()).listUsers();
});

it('refuses invalid arguments, and accepts the next call', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.start();
  const calls = [
    ['login', { username: 'admin', role: 'root', password: 'a' }],
    ['login', { username: 1, role: 'admin', password: 'a' }],
    ['activate', undefined],
    ['activate', { password: 'longEnough1', more: 1 }],
    ['deleteKey', { id: '../..' }],
    ['decrypt', { id: 'ab', ciphertext: '', iv: '', tag: '', aad: '' }],
    ['logout', 1],
  ].map(([name, argument], index) => JSON.stringify({ call: index + 1, name, argument }));
  const answers = (await answerTo(running, `${calls.join('\n')}\n{}\n`)).trimEnd().split('\n');
  expect(answers.map((line) => JSON.parse(line) as unknown)).toEqual([
    ...calls.map((_, index) => ({
      answer: index + 1,
      error: expect.objectContaining({ reason: 'refused' }) as object,
    })),
    expect.objectContaining({ answer: null }),
  ]);
});

it('survives clients that do not read, send half a line or come in hundreds', async () => {
  const cluster = new ClusterUnderTest();
  const running = await cluster.startActivated();
  send(running, `${CALL}\n`.repeat(200_000)).pause();
  for (let clients = 0; clients < 300; clients += 1) send(running, CALL.slice(0, 9)).destroySoon();
  send(running, CALL.slice(0, 9));
  // While too many clients are connected, another one is refused.
  await expect.poll(() => cluster.connect(KMSUSER).then(() => 'logged in', String)).toBe('logged in');
});

it.each([
  [
    'other users may enter',
    (folder: string) => {
      mkdirSync(folder, { mode: 0o755 });
    },
  ],
  [
    'is a link',
    (folder: string) => {
      symlinkSync(dirname(folder), folder);
    },
  ],
  [
    'is a file',
    (folder: string) => {
      writeFileSync(folder, '', { mode: 0o700 });
    },
  ],
])('keeps no socket in a folder that %s', async (_, make) => {
  const cluster = new ClusterUnderTest();
  const folder = join(cluster.folder, 'xks-proxy');
  make(folder);
  await expect(cluster.start()).rejects.toMatchObject({ reason: 'refused' });
  await expect(cluster.connect()).rejects.toThrow(
    `${folder} must be a folder that only this user can access (mode 0700)`,
  );
});

it('reports an invalid id, a path that is too long, and an unreadable users file', async () => {
  await expect(new ClusterUnderTest(undefined, 'cluster-../../../a').start()).rejects.toMatchObject({
    reason: 'refused',
  });
  const cluster = new ClusterUnderTest();
  const deep = join(cluster.folder, 'a'.repeat(100));
  mkdirSync(deep);
  await expect(cluster.start({ env: { ...cluster.env, XDG_RUNTIME_DIR: deep } })).rejects.toThrow('XDG_RUNTIME_DIR');
  mkdirSync(cluster.clusterFolder);
  writeFileSync(join(cluster.clusterFolder, 'users.json'), '{}');
  await expect(cluster.start()).rejects.toThrow('users.json cannot be used');
});
