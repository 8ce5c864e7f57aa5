import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { setUpLocal } from '../../local/setUp.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';

const ROOT = join(import.meta.dirname, '../..');
const guide = readFileSync(join(ROOT, 'docs/disaster-recovery.md'), 'utf8');
const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);

/** The output of each block of the guide, in order. */
let said: string[] = [];

beforeAll(async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'xks-proxy-recovery-'));
  symlinkSync(join(ROOT, 'dist'), join(checkout, 'dist'));
  mkdirSync(join(checkout, 'bin'));
  symlinkSync(process.execPath, join(checkout, 'bin/node'));
  // Below the ports that the system gives to other tests, which could take a free one before the proxy listens on it.
  const port = 20_000 + (process.pid % 10_000);
  const main = join(checkout, 'dist/main.js');
  setUpLocal(checkout, { main, host: '127.0.0.1', port, env: ENVIRONMENT });
  // The functions and variables of the first block are used by all others.
  const commands = blocks.join("\necho '=== end of block'\n").replace('localhost:8443', `localhost:${port}`);
  try {
    const prelude = 'make() { :; }\nnpx() { shift; node dist/main.js "$@"; }\n';
    const env = { PATH: `${join(checkout, 'bin')}:${ENVIRONMENT['PATH'] ?? ''}` };
    const { stdout, stderr } = await runProgram(['bash', '-c', prelude + commands], { cwd: checkout, env });
    said = stdout.split('=== end of block\n');
    expect(said, stdout + stderr).toHaveLength(blocks.length);
  } finally {
    rmSync(checkout, { recursive: true });
  }
});

/** The output of the block with this command. */
function saidBy(command: string): string {
  const index = blocks.findIndex((block) => block.includes(command));
  if (index === -1) throw new Error(`No block of the guide has: ${command}`);
  return said[index] ?? '';
}

describe('docs/disaster-recovery.md', () => {
  it('decrypts the known ciphertext before the disaster', () => {
    expect(saidBy('ask encrypt backup')).toBe('known\n');
  });

  it('names a missing token', () => {
    expect(saidBy('mkdir softhsm/made/tokens')).toContain('There is no token with the label "xks-proxy"');
  });

  it('shows other keys under the old labels by their check values, and by the known ciphertext', () => {
    const other = '(foo|xks-health) [0-9A-F]{6}\\n';
    expect(saidBy('--init-token')).toMatch(new RegExp(`, 0 failures\n(${other}){2}InvalidCiphertextException\n$`));
  });

  it('refuses two tokens with the same label', () => {
    expect(saidBy('# 2 tokens have')).toContain('2 tokens have the label "xks-proxy"');
  });

  it('decrypts the known ciphertext with the restored token, and the audit log has the acts in between', () => {
    expect(saidBy('audit verify')).toMatch(/, 0 failures\nthe same keys\nknown\nGood: all \d logs are as written\.\n$/);
  });
});
