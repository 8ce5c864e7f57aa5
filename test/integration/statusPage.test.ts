import { join } from 'node:path';
import { renameSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { issueServerCertificate } from '../../certs/issueCertificate.ts';
import { writeKeyPair } from '../../certs/generate.ts';
import { testCertificates } from '../support/certificates.ts';
import { encryptBody, keyPath, paths } from '../support/messages.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { newFiles, startProxy } from '../support/reconfigurableProxy.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import type { ProxyFiles } from '../support/runningProxy.ts';
import { kill } from '../support/supervisedWorkers.ts';

interface Options {
  readonly server?: object;
  readonly monitoring?: object;
}

async function start({ server, monitoring }: Options = {}, files: ProxyFiles = newFiles()) {
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, drainSeconds: 2, ...server },
    monitoring: { port: 0, ...monitoring },
  });
  const proxy = await startProxy(files);
  const logged = await proxy.logged({ msg: 'monitoring listens' });
  const port = logged['port'] as number;
  const origin = `http://127.0.0.1:${port}`;
  const get = async (path = '/status', headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${origin}${path}`, { headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  /** The text of the page, without its markup. */
  const read = async () => (await get()).body.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  return { proxy, files, port, get, read };
}

/** Opens the page's stream of events, which stays open until the test has finished. */
async function openStream(port: number) {
  const controller = new AbortController();
  onTestFinished(() => {
    controller.abort();
  });
  const response = await fetch(`http://127.0.0.1:${port}/status/events`, { signal: controller.signal });
  return { status: response.status, reader: response.body?.pipeThrough(new TextDecoderStream()).getReader() };
}

it('shows the work of the proxy, and no secret, caller or plaintext', async () => {
  const files = newFiles();
  const { proxy, get, read } = await start({}, files);
  for (let requests = 0; requests < 3; requests += 1) await proxy.proveService();
  expect(await proxy.post(keyPath('blocked', 'encrypt'), encryptBody)).toMatchObject({ status: 400 });
  await expect.poll(read).toContain('1 InvalidStateException');
  const text = await read();
  expect(text).toContain('Load balancers may send requests here.');
  expect(text).toContain('first: 25 % of 4 requests in the last 15 minutes (failed: 1 InvalidStateException)');
  expect(text).toContain('softhsm ACTIVE');
  expect(text).toContain('first SERVING requests 4 failed 1');
  expect(text).toContain('quota none');
  expect(text).toContain('Blocked keys: 1 blocked');
  expect(text).toContain('CN=localhost');
  for (const { accessKeyId } of files.credentials) expect(text).toContain(accessKeyId);
  const secrets = [...files.credentials, files.otherCredential].map(({ secretAccessKey }) => secretAccessKey.reveal());
  const { requestMetadata, plaintext } = encryptBody;
  const { body } = await get();
  for (const secret of [...secrets, files.softHsm.pin.reveal(), 'arn:aws', plaintext, requestMetadata.kmsRequestId]) {
    expect(body).not.toContain(secret);
  }
});

it('the page and its parts have a strict policy and no CORS header, and at most 8 readers get updates', async () => {
  const { get, port } = await start();
  for (const path of ['/status', '/status/style.css', '/status/live.js']) {
    const { status, headers } = await get(path, { Origin: 'http://evil.example' });
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
  expect((await get('/status/other')).status).toBe(404);
  expect((await get('/status/')).status).toBe(404);
  expect((await get('/statusx')).status).toBe(404);
  for (const path of ['/status', '/status/events', '/status/live.js']) {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };
    expect((await get(path, headers)).status).toBe(403);
  }
  const streams = [];
  for (let count = 0; count < 8; count += 1) streams.push(await openStream(port));
  expect((await openStream(port)).status).toBe(503);
  for (const { status, reader } of streams) {
    expect(status).toBe(200);
    let received = '';
    // The second event arrives without another request.
    await expect
      .poll(async () => {
        received += (await reader?.read())?.value ?? '';
        return received.split('\n\ndata: <main').length;
      })
      .toBeGreaterThanOrEqual(2);
  }
});

const raw = async (port: number, lines: string, path = '/status') => {
  const connection = new RawConnection(port);
  await connection.send(`GET ${path} HTTP/1.1\r\n${lines}\r\n\r\n`);
  const [answer] = await connection.closed();
  return answer;
};

it('answers only for its own host names, on every path of the page', async () => {
  const { port } = await start({ monitoring: { statusHosts: ['proxy-1.example.com'] } });
  for (const path of ['/status', '/status/style.css', '/status/live.js', '/status/events']) {
    expect(await raw(port, `Host: evil.example:${port}`, path)).toMatchObject({
      status: 403,
      body: expect.stringContaining('monitoring.statusHosts') as string,
    });
  }
  expect(await raw(port, 'Host: evil.example\r\nHost: localhost')).toMatchObject({ status: 400 });
  expect(await raw(port, 'Host: localhost\r\nHost: localhost')).toMatchObject({ status: 400 });
  expect(await raw(port, 'Host: Proxy-1.example.com')).toMatchObject({ status: 200 });
  expect(await raw(port, 'Host: localhost:1')).toMatchObject({ status: 200 });
  // Prometheus and load balancers may use any host name.
  expect(await raw(port, 'Host: evil.example', '/readyz')).toMatchObject({ status: 200 });
});

it.each([
  [{ status: false }, false],
  [{ host: '0.0.0.0' }, false],
  [{ host: '0.0.0.0', status: true }, true],
])('with %o, the page exists: %s', async (monitoring, expected) => {
  const { get } = await start({ monitoring });
  const { status, body } = await get();
  if (expected) expect(status).toBe(200);
  else expect([status, body]).toEqual([404, 'the status page is off; monitoring.status: true enables it\n']);
});

it('problems of its settings are reported with all others', async () => {
  const files = newFiles();
  files.writeConfig({
    ...files.config,
    monitoring: { port: 0, status: 'yes', statusHosts: ['0.0.0.0', 'http://a'] },
    log: { level: 'loud' },
  });
  const { stderr } = await runCommandHere(['config', 'check', '--config', files.configFile]);
  expect(stderr).toMatch(
    /monitoring\.status .*monitoring\.statusHosts\[0\] .*monitoring\.statusHosts\[1\] .*log\.level /s,
  );
  files.writeConfig({ ...files.config, monitoring: { host: '0.0.0.0', statusHosts: ['a'] } });
  const off = await runCommandHere(['config', 'check', '--config', files.configFile]);
  expect(off.stderr).toMatch(/monitoring\.statusHosts .*needs status: true/);
});

it('shows that the token is missing, and that it is back', async () => {
  const { proxy, files, read } = await start();
  await expect.poll(read).toContain('softhsm ACTIVE');
  const back = files.softHsm.moveTokensAway();
  for (let time = 0; time < 3; time += 1) await proxy.post(paths.encrypt, encryptBody);
  await expect.poll(read).toMatch(/Not ready .*Key stores are not served .*softhsm is UNAVAILABLE: /);
  back();
  await expect
    .poll(read)
    .toMatch(
      /Requests fail with errors .*may send requests here.*softhsm ACTIVE .*State changes .*ACTIVE main .*UNAVAILABLE .*ACTIVE main/,
    );
});

it('shows a certificate that expires soon, and a key that is blocked', async () => {
  const files = newFiles();
  const notAfter = new Date(Date.now() + 9.5 * 86_400_000);
  const pair = issueServerCertificate(testCertificates.ca, { notAfter });
  const tls = writeKeyPair(files.folder, 'short', pair);
  const { read } = await start({ server: { tls } }, files);
  await runCommandHere(['key', 'block', 'foo', '--key-store', 'first', '--config', files.configFile]);
  await expect.poll(read).toContain('Blocked keys: 2 foo blocked');
  await expect.poll(read).toMatch(/Critical Certificates expire .*CN=localhost \(server\) expires in 9 days/);
  expect(await read()).toContain('second SERVING');
});

it('shows that a configuration was refused', async () => {
  const { proxy, files, read } = await start();
  renameSync(join(files.folder, 'pin.secret'), join(files.folder, 'gone'));
  proxy.signal('SIGHUP');
  await expect.poll(read).toContain('The last configuration was refused');
});

it('shows all workers, one that hangs, and one that was replaced', async () => {
  const { proxy, read } = await start({ server: { workers: 2 } });
  const served = () => proxy.log.filter(({ msg }) => msg === 'a worker serves').map(({ pid }) => pid as number);
  await expect.poll(served).toHaveLength(2);
  for (let requests = 0; requests < 4; requests += 1) await proxy.proveService();
  await expect.poll(read).toContain('first SERVING requests 4 failed 0');
  expect(await read()).toMatch(/main \d+ supervisor .*worker-1 \d+ ready .*worker-2 \d+ ready/);
  const [first = NaN] = served();
  process.kill(first, 'SIGSTOP');
  await expect.poll(read).toContain(`worker ${first} does not answer`);
  // The supervisor may have killed this worker already.
  kill(first, 'SIGKILL');
  await expect.poll(served).toHaveLength(3);
  await expect.poll(read).toContain('workers replaced since start 1');
  // The requests of the first worker still count.
  expect(await read()).toContain('first SERVING requests 4 failed 0');
});
