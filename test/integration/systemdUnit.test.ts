import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const UNIT = join(import.meta.dirname, '../../deploy/systemd/xks-proxy.service');
/** Of systemd 254; an older one ignores them and says so. */
const NEWER = /Unknown (key|key name|lvalue) '(RestartSteps|RestartMaxDelaySec)'/;
/** In tenths: 0 is safe, 100 exposed. What a service on the network cannot do without makes 11. */
const MOST_EXPOSED = 15;

function analyze(...args: readonly string[]): { status: number | null; problems: string[] } {
  const { status, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, problems: stderr.split('\n').filter((line) => line !== '' && !NEWER.test(line)) };
}

// There is no systemd elsewhere.
describe.runIf(process.platform === 'linux')('to systemd, the unit', () => {
  const text = readFileSync(UNIT, 'utf8').replaceAll('/opt/xks-proxy/bin/node', process.execPath);
  const unit = (content: string): string =>
    join(temporaryFolder({ 'xks-proxy.service': content }), 'xks-proxy.service');

  it('has no mistake', () => {
    expect(analyze('verify', '--man=no', unit(text))).toEqual({ status: 0, problems: [] });
  });

  it('a misspelt setting would be one', () => {
    const { problems } = analyze('verify', '--man=no', unit(text.replace('NoNewPrivileges', 'NoNewPrivilege')));
    expect(problems).toEqual([expect.stringContaining("'NoNewPrivilege'")]);
  });

  it.each([
    ['exposes little', text, 0],
    ['would expose more without its hardening', text.replace('CapabilityBoundingSet=\n', ''), 1],
  ])('%s', (_title, content, status) => {
    const args = ['security', '--offline=true', `--threshold=${MOST_EXPOSED}`, unit(content)];
    expect(analyze(...args).status).toBe(status);
  });
});
