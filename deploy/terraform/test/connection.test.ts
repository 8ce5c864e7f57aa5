import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startKeyStore } from '../../../test/support/localKmsConnection.ts';
import { newFiles, startProxy } from '../../../test/support/reconfigurableProxy.ts';
import { runProgram } from '../../../test/support/runProgram.ts';
import { describeWithProvider } from './terraformFolder.ts';

const SCRIPT = join(import.meta.dirname, '../key-store/connection.sh');

describeWithProvider('the script that connects a key store', () => {
  it('says why a key store cannot be connected, connects it after the repair, and disconnects it', async () => {
    const proxy = await startProxy(newFiles());
    const { kms, store } = await startKeyStore(proxy);
    const run = (action: string) =>
      runProgram(['sh', SCRIPT, action, store.id, 'us-east-1'], {
        env: {
          HOME: kms.folder,
          AWS_ENDPOINT_URL: kms.endpoint,
          AWS_ACCESS_KEY_ID: 'TEST',
          AWS_SECRET_ACCESS_KEY: 'any',
          AWS_EC2_METADATA_DISABLED: 'true',
        },
      });

    proxy.signal('SIGSTOP');
    const { exitCode, stderr } = await run('connect');
    expect(stderr).toContain('is not CONNECTED: XKS_PROXY_TIMED_OUT. docs/local-kms-causes.md');
    expect(exitCode).toBe(1);

    proxy.signal('SIGCONT');
    expect(await run('connect')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await store.describe()).ConnectionState).toBe('CONNECTED');
    expect(await run('disconnect')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await store.describe()).ConnectionState).toBe('DISCONNECTED');
  }, 600_000);
});
