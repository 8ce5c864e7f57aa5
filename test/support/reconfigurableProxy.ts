import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import type { LogRecord } from './processLog.ts';
import { ProxyFiles, RunningProxy } from './runningProxy.ts';

type KeyStoreSection = ProxyFiles['config']['keyStores'][number];

/** A proxy until the test is finished. A stopped process (SIGSTOP) is continued, and ended. */
export async function startProxy(files = newFiles()): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(files);
  onTestFinished(async () => {
    proxy.signal('SIGCONT');
    proxy.signal('SIGTERM');
    await proxy.exitCode;
  });
  return proxy;
}

/** A proxy for all tests of a file. What a test changes in its configuration is taken back after the test. */
export function shareProxy(): () => RunningProxy {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await RunningProxy.start(new ProxyFiles());
  });
  afterEach(async () => {
    const { files } = proxy;
    if (readFileSync(files.configFile, 'utf8') !== stringify(files.config)) await reconfigure(proxy);
  });
  afterAll(() => proxy.dispose());
  return () => proxy;
}

/** Files that are gone when the test is finished. */
export function newFiles(): ProxyFiles {
  const files = new ProxyFiles();
  onTestFinished(() => {
    files.dispose();
  });
  return files;
}

/** Resolves when the proxy has taken over another configuration, or what the files of its configuration say now. */
export async function reconfigure(proxy: RunningProxy, config: object = proxy.files.config): Promise<void> {
  const isReload = ({ trigger, msg }: LogRecord) => trigger === 'SIGHUP' && msg === 'the configuration was reloaded';
  const reloads = () => proxy.log.filter(isReload).length;
  const before = reloads();
  proxy.files.writeConfig(config);
  proxy.signal('SIGHUP');
  await vi.waitFor(
    () => {
      if (reloads() === before) throw new Error(`The configuration is not reloaded:\n${proxy.output.slice(-3_000)}`);
    },
    { timeout: 60_000 },
  );
}

export async function stop(proxy: RunningProxy): Promise<void> {
  proxy.signal('SIGTERM');
  await proxy.exitCode;
}

/** Another process at the port of one that has ended. */
export function startAgain({ files, port }: RunningProxy, server: object = files.config.server): Promise<RunningProxy> {
  files.writeConfig({ ...files.config, server: { ...server, port } });
  return startProxy(files);
}

/** The configuration with another first key store. */
export function withFirstStore(
  { config }: ProxyFiles,
  change: (store: KeyStoreSection) => Partial<KeyStoreSection>,
): object {
  const [first, ...others] = config.keyStores;
  if (!first) throw new Error('the configuration has no key store');
  return { ...config, keyStores: [{ ...first, ...change(first) }, ...others] };
}
