import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import type { LogRecord } from './processLog.ts';
import { ProxyFiles, RunningProxy } from './runningProxy.ts';

type KeyStoreSection = ProxyFiles['config']['keyStores'][number];

/** Starts a proxy, which ends with the test even if SIGSTOP has stopped it. */
export async function startProxy(files = newFiles()): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(files);
  onTestFinished(async () => {
    proxy.signal('SIGCONT');
    proxy.signal('SIGTERM');
    await proxy.exitCode;
  });
  return proxy;
}

/** A proxy for all tests of a file. A test's changes to its configuration are undone after the test. */
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

/** Makes files that are removed when the test is finished. */
export function newFiles(): ProxyFiles {
  const files = new ProxyFiles();
  onTestFinished(() => {
    files.dispose();
  });
  return files;
}

/** Resolves when the proxy has applied another configuration, or the current contents of its files. */
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

/** Starts another process on the port of one that has ended. */
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
