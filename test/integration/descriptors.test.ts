import { Agent } from 'node:http';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RawConnection } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { MAIN, type Program } from '../support/startTestProgram.ts';
import { SteadyLoad } from '../support/steadyLoad.ts';

let files: ProxyFiles;

beforeAll(() => {
  files = new ProxyFiles({ tls: false });
});

afterAll(() => {
  files.dispose();
});

/** `xks-proxy` with this limit of open files. */
function limited(openFiles: number): Program {
  return ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', process.execPath, MAIN];
}

it.each([1, 2])(
  '%i processes with few descriptors answer signed requests, whatever other clients are connected',
  async (workers) => {
    files.writeConfig({ ...files.config, server: { ...files.config.server, workers } });
    const proxy = await RunningProxy.start(files, limited(256));
    onTestFinished(() => {
      proxy.signal('SIGKILL');
    });
    const maxConnections = 256 - 64 - 40;
    const said = () => proxy.log.filter((record) => record['maxConnections'] === maxConnections);
    await expect.poll(said, { timeout: 60_000 }).toHaveLength(workers);

    const newcomers = new Agent({ keepAlive: false });
    const old = new SteadyLoad(proxy, 2);
    const fresh = new SteadyLoad(proxy, 2, () => ({ agent: newcomers }));
    await expect.poll(() => Math.min(old.sent, fresh.sent), { timeout: 60_000 }).toBeGreaterThan(20);
    const idle: RawConnection[] = [];
    for (let count = 0; count < 400 * workers; count += 1) {
      const connection = new RawConnection(proxy.port);
      await connection.send('P');
      idle.push(connection);
    }
    const after = Math.max(old.sent, fresh.sent) + 50;
    await expect.poll(() => Math.min(old.sent, fresh.sent), { timeout: 60_000 }).toBeGreaterThan(after);
    expect([...(await old.stop()).outcomes.keys()]).toEqual([200]);
    // Many new connections may close another new connection, but none gets a wrong answer.
    const outcomes = [...(await fresh.stop()).outcomes.keys()];
    expect(outcomes).toContain(200);
    expect(outcomes.filter((outcome) => outcome !== 200 && outcome !== 'ECONNRESET')).toEqual([]);
    const open = idle.filter(({ isOpen }) => isOpen).length;
    expect(open).toBeGreaterThan(maxConnections / 2);
    expect(open).toBeLessThanOrEqual(maxConnections * workers);
    for (const connection of idle) connection.reset();
    proxy.signal('SIGTERM');
    expect(await proxy.exitCode).toBe(0);
  },
);

it.each([1, 2])('%i processes that lack the descriptors to serve do not start', async (workers) => {
  files.writeConfig({ ...files.config, server: { ...files.config.server, workers } });
  const proxy = RunningProxy.launch(files, limited(100));
  expect(await proxy.exitCode).toBe(1);
  expect(proxy.output).toContain('the limit of open files is 100, and 1');
});
