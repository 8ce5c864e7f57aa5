import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { CONFIG_FILES, validConfig } from '../support/validConfig.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

/** Runs a shell script as root of a mount namespace of its own. */
function inNamespace(script: string, args: readonly string[] = []) {
  return spawnSync('unshare', ['--map-root-user', '--mount', 'sh', '-ec', script, 'sh', ...args], { encoding: 'utf8' });
}

function canMount(): boolean {
  return inNamespace('mount -t tmpfs tmpfs /mnt').status === 0;
}

// The test mounts secrets as a container does. Some machines do not permit the namespace for it.
describe.skipIf(!canMount())('a secret in a mounted file', () => {
  function check(prepare: string) {
    const config = validConfig();
    const [manager] = config.keyManagers;
    if (manager) manager.pkcs11.pin = { file: '/run/secrets/pin' };
    const folder = temporaryFolder({ ...CONFIG_FILES, 'config.yaml': stringify(config) });
    const run = '"$1" "$2" config check --config "$3"';
    const mount = 'mount -t tmpfs tmpfs /run && mkdir /run/secrets';
    return inNamespace(`${mount}\n${prepare}\n${run}`, [process.execPath, MAIN, join(folder, 'config.yaml')]);
  }
  const pin = 'echo 123456 >/run/secrets/pin';

  it.each([
    ['is mounted as Docker does it', `${pin}; chmod 444 /run/secrets/pin`],
    [
      'is on a read-only mount',
      `mount -t tmpfs tmpfs /run/secrets; ${pin}; chmod 444 /run/secrets/pin; mount -o remount,ro /run/secrets`,
    ],
  ])('is accepted with a warning if everyone may read it and it %s', (_how, prepare) => {
    const { status, stderr } = check(prepare);
    expect(stderr).toMatch(
      /^warning: everyone may read the secret \/run\/secrets\/pin, whose mode cannot be changed here: .*Swarm.*Kubernetes\)$/m,
    );
    expect(stderr).not.toContain('chmod');
    expect(status).toBe(0);
  });

  it('is refused if everyone may also write it', () => {
    const { status, stderr } = check(`${pin}; chmod 446 /run/secrets/pin`);
    expect(stderr).toMatch(
      /pin \(line \d+\): names \/run\/secrets\/pin, which everyone may read or write; run: chmod o-rwx/,
    );
    expect(status).toBe(1);
  });

  it('causes no warning if its mode is right', () => {
    expect(check(`${pin}; chmod 400 /run/secrets/pin`)).toMatchObject({ status: 0, stderr: '' });
  });
});
