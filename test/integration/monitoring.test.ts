import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testCertificates } from '../support/certificates.ts';
import { allowNoMoreDescriptors } from '../support/descriptorLimit.ts';
import { parseExposition, valueOf, type Sample } from '../support/exposition.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { encryptBody, keyPath, paths } from '../support/messages.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy, runCommand } from '../support/runningProxy.ts';

let files: ProxyFiles;

beforeEach(() => {
  files = new ProxyFiles();
  files.writeConfig(monitored());
});

/** A configuration with monitoring, which drains for at most 2 seconds. */
function monitored(server: object = {}): object {
  return { ...files.config, server: { ...files.config.server, drainSeconds: 2, ...server }, monitoring: { port: 0 } };
}

let proxy: RunningProxy | undefined;
afterEach(async () => {
  if (proxy) await proxy.dispose();
  else files.dispose();
  proxy = undefined;
});

async function start() {
  const running = (proxy = await RunningProxy.start(files));
  const { port } = await running.logged({ msg: 'monitoring listens' });
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return { running, get, metrics: async (): Promise<Sample[]> => parseExposition((await get('/metrics')).body) };
}

// A header of PROXY protocol version 2 with the command LOCAL, as a Network Load Balancer sends it.
const LOCAL_HEADER = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

const unserved = (name: string) => `no key manager of key store ${name} can serve`;

it('the metrics count the work of the proxy, and contain no secret', async () => {
  const { running, get, metrics } = await start();
  for (let requests = 0; requests < 3; requests += 1) await running.proveService();
  expect(await running.post(keyPath('blocked', 'encrypt'), encryptBody)).toMatchObject({ status: 400 });
  const ended = async () => {
    const samples = await metrics();
    const labels = { key_store: 'first', operation: 'Encrypt', kms_operation: 'Encrypt' };
    return ['none', 'InvalidStateException'].map((error_name) =>
      valueOf(samples, 'xks_proxy_requests_total', { ...labels, error_name }),
    );
  };
  await expect.poll(ended).toEqual([3, 1]);

  const samples = await metrics();
  const keyManager = { key_manager: 'softhsm' };
  const count = 'xks_proxy_key_manager_operation_duration_seconds_count';
  expect(valueOf(samples, count, { ...keyManager, operation: 'encrypt' })).toBe(3);
  expect(valueOf(samples, count, { ...keyManager, operation: 'check_health' })).toBeGreaterThanOrEqual(1);
  expect(valueOf(samples, 'xks_proxy_key_manager_sessions', keyManager)).toBe(8);
  expect(valueOf(samples, 'xks_proxy_key_manager_sessions_in_use', keyManager)).toBe(0);
  expect(valueOf(samples, 'xks_proxy_key_store_serving', { key_store: 'second' })).toBe(1);
  const { serialNumber, validTo } = new X509Certificate(testCertificates.server.certificate);
  const expiry = valueOf(samples, 'xks_proxy_certificate_expiry_timestamp_seconds', { serial_number: serialNumber });
  expect(expiry).toBe(Date.parse(validTo) / 1000);
  expect(valueOf(samples, 'process_open_fds', { process: 'main' })).toBeGreaterThan(0);

  const { body } = await get('/metrics');
  const secrets = [...files.credentials, files.otherCredential].map(({ secretAccessKey }) => secretAccessKey.reveal());
  for (const secret of [...secrets, files.softHsm.pin.reveal(), 'arn:aws']) expect(body).not.toContain(secret);
});

it('when a worker ends, no counter falls', async () => {
  files.writeConfig(monitored({ workers: 2 }));
  const { running, metrics } = await start();
  for (let requests = 0; requests < 6; requests += 1) await running.proveService();
  const counted = async () => {
    const samples = await metrics();
    const labels = { key_store: 'first', operation: 'Encrypt', kms_operation: 'Encrypt', error_name: 'none' };
    return valueOf(samples, 'xks_proxy_requests_total', labels);
  };
  await expect.poll(counted).toBe(6);
  for (let kill = 1; kill <= 2; kill += 1) {
    const serving = running.log.filter(({ msg }) => msg === 'a worker serves');
    process.kill(serving.at(-1)?.['pid'] as number, 'SIGKILL');
    await expect
      .poll(() => running.log.filter(({ msg }) => msg === 'a worker serves').length)
      .toBeGreaterThan(serving.length);
    expect(await counted()).toBe(6);
  }
  await running.proveService();
  await expect.poll(counted).toBe(7);
  expect(valueOf(await metrics(), 'xks_proxy_worker_restarts_total', {})).toBe(2);
});

it('the proxy is ready while it serves, and is not ready after it has lost its only key manager', async () => {
  const { running, get } = await start();
  expect(await get('/readyz')).toEqual({ status: 200, body: '{"ready":true,"problems":[]}' });
  const back = files.softHsm.moveTokensAway();
  // After three failures in a row, the next health check runs earlier.
  for (let time = 0; time < 3; time += 1) {
    expect(await running.post(paths.encrypt, encryptBody)).toMatchObject({ status: 500 });
  }
  const problems = [unserved('first'), unserved('second')];
  const wait = { timeout: 60_000, interval: 200 };
  await vi.waitFor(async () => {
    expect(await get('/readyz')).toEqual({ status: 503, body: JSON.stringify({ ready: false, problems }) });
  }, wait);
  expect(await get('/livez')).toMatchObject({ status: 200 });

  back();
  await vi.waitFor(async () => {
    expect(await get('/readyz')).toMatchObject({ status: 200 });
  }, wait);
});

it('while the proxy drains, it reports that it is not ready', async () => {
  const { running, get } = await start();
  const request = rawPost({ credential: files.credentials[0], path: paths.encrypt });
  const begun = new RawConnection(running.port, { ca: testCertificates.ca.certificate });
  await begun.send(request.slice(0, -1));
  await running.proveService();
  running.signal('SIGTERM');
  await running.logged({ msg: 'draining' });
  expect(await get('/readyz')).toEqual({ status: 503, body: '{"ready":false,"problems":["draining"]}' });
  expect(await get('/livez')).toMatchObject({ status: 200 });
  await begun.send(request.slice(-1));
  expect(await begun.closed()).toMatchObject([{ status: 200 }]);
  expect(await running.exitCode).toBe(0);
});

it('while the proxy drains, it still serves, so that no request of a load balancer fails', async () => {
  files.writeConfig(monitored({ drainSeconds: 8 }));
  const { running, get } = await start();
  running.signal('SIGTERM');
  await running.logged({ msg: 'draining' });
  for (let request = 0; request < 5; request += 1) await running.proveService();
  expect(await get('/readyz')).toMatchObject({ status: 503 });
  expect(await running.exitCode).toBe(0);
});

it('a drain follows the configuration in force', async () => {
  const { running, get } = await start();
  files.writeConfig(monitored({ drainSeconds: 60 }));
  running.signal('SIGHUP');
  await running.logged({ msg: 'the configuration was reloaded', changes: ['server.drainSeconds: 2 to 60'] });
  running.signal('SIGTERM');
  await running.logged({ msg: 'draining', drainSeconds: 60 });
  expect(await get('/readyz')).toMatchObject({ status: 503 });
  await running.proveService();
  running.signal('SIGKILL');
  await running.exitCode;
  proxy = undefined;
});

it('a refused PIN is not tried again until the configuration changes, and a changed PIN needs no restart', async () => {
  files.writeSecret('pin', 'no-such-pin');
  const { running, get } = await start();
  await running.logged({ msg: 'A key manager cannot be opened and is not retried: correct its PIN' });
  expect(await get('/readyz')).toMatchObject({ status: 503 });
  expect(await running.post(paths.encrypt, encryptBody)).toMatchObject({ status: 500 });

  files.writeSecret('pin', files.softHsm.pin.reveal());
  await running.logged({ msg: 'the configuration was reloaded' });
  await running.proveService();
  await expect.poll(() => get('/readyz')).toMatchObject({ status: 200 });
});

it('health checks are answered with and without PROXY protocol headers', async () => {
  files.writeConfig(monitored({ proxyProtocol: { enabled: true } }));
  const { running, get } = await start();
  expect(await get('/readyz')).toMatchObject({ status: 200 });
  const { port } = await running.logged({ msg: 'monitoring listens' });
  for (const pieces of [[LOCAL_HEADER], [LOCAL_HEADER.subarray(0, 1), LOCAL_HEADER.subarray(1)]]) {
    const check = new RawConnection(port as number);
    for (const piece of pieces) await check.send(piece);
    await check.send('GET /readyz HTTP/1.1\r\nHost: target\r\n\r\n');
    expect(await check.closed()).toMatchObject([{ status: 200 }]);
  }
  const invalid = new RawConnection(port as number);
  await invalid.send(Buffer.concat([LOCAL_HEADER.subarray(0, 4), Buffer.alloc(12)]));
  expect(await invalid.closed()).toEqual([]);
});

it('if the monitoring port is in use, the proxy does not start', async () => {
  const { port, close } = await listenLocally(createServer());
  files.writeConfig({ ...files.config, monitoring: { port } });
  const { exitCode, stderr } = await runCommand(['serve', '--config', files.configFile], files.env);
  await close();
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`monitoring: cannot listen on 127.0.0.1 port ${port}: EADDRINUSE`);
});

it.each([1, 2])('the metrics count connections that %i processes lose for lack of descriptors', async (workers) => {
  files.writeConfig(monitored({ workers }));
  const { running, metrics } = await start();
  const lift = allowNoMoreDescriptors(running.pid);
  const connection = new RawConnection(running.port);
  await running.logged({ msg: 'a connection without a request', reason: 'EMFILE' });
  lift();
  connection.reset();
  await running.proveService();
  const labels = { reason: 'descriptors' };
  expect(valueOf(await metrics(), 'xks_proxy_refused_connections_total', labels)).toBeGreaterThanOrEqual(1);
});

it('the metrics count requests that Node answers or drops by itself', async () => {
  const { running, metrics } = await start();
  const requests = [
    'POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\nContent-Length: 0\r\n\r\n',
    'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    'nonsense\r\n\r\n',
  ];
  for (const request of requests) {
    const connection = new RawConnection(running.port, { ca: testCertificates.ca.certificate });
    await connection.send(request);
    await connection.closed();
  }
  const labels = { reason: 'http' };
  expect(valueOf(await metrics(), 'xks_proxy_refused_connections_total', labels)).toBe(requests.length);
});
