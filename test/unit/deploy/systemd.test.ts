import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const UNIT = join(import.meta.dirname, '../../../deploy/systemd/xks-proxy.service');
const settings = readFileSync(UNIT, 'utf8')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line));

it.each([
  'ExecStart=/opt/xks-proxy/bin/node --disable-sigusr1 --max-semi-space-size=8 --heap-growing-percent=40 /opt/xks-proxy/dist/main.js serve --config /etc/xks-proxy/config.yaml',
  'Environment=NODE_ENV=production MALLOC_ARENA_MAX=1',
  'ExecReload=kill -HUP $MAINPID',
  'KillSignal=SIGTERM',
  'Restart=on-failure',
  'User=xks-proxy',
  'LoadCredential=pin:/etc/xks-proxy/pin',
  'ProtectSystem=strict',
  'StateDirectory=xks-proxy',
  'StateDirectoryMode=0700',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'SystemCallFilter=@system-service',
  'LimitCORE=0',
])('contains %s', (setting) => {
  expect(settings).toContain(setting);
});

it('allows the default configuration enough time to drain', () => {
  const [, seconds] = settings.map((line) => /^TimeoutStopSec=(\d+)$/.exec(line)).find((match) => match !== null) ?? [];
  expect(Number(seconds)).toBeGreaterThan(20 + 2);
});

it('sets only options with which V8 can run', () => {
  expect(settings.filter((line) => line.startsWith('MemoryDenyWriteExecute'))).toEqual([]);
});
