import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const UNIT = join(import.meta.dirname, '../../deploy/systemd/xks-proxy.service');
/** Settings of systemd 254. An older systemd ignores them with a warning. */
const NEWER = /Unknown (key|key name|lvalue) '(RestartSteps|RestartMaxDelaySec)'/;
/** Limit in tenths: 0 is safe, and 100 is exposed. The settings that a network service needs add up to 11. */
const MOST_EXPOSED = 15;

function analyze(...args: readonly string[]): { status: number | null; problems: string[] } {
  const { status, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, problems: stderr.split('\n').filter((line) => line !== '' && !NEWER.test(line)) };
}

// Only Linux has systemd.
describe.runIf(process.platform === 'linux')('for systemd, the unit', () => {
  const text = readFileSync(UNIT, 'utf8').replaceAll('/opt/xks-proxy/bin/node', process.execPath);
  const unit = (content: string): string =>
    join(temporaryFolder({ 'xks-proxy.service': content }), 'xks-proxy.service');

  it('has no mistake', () => {
    expect(analyze('verify', '--man=no', unit(text))).toEqual({ status: 0, problems: [] });
  });

  it('has a mistake if a setting is misspelt', () => {
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
