import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { setUpLocal } from '../../local/setUp.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../..');
const guide = readFileSync(join(ROOT, 'docs/conformance.md'), 'utf8');
const everyCase = /^```sh\n(.*?create third.*?)^```$/ms.exec(guide)?.[1] ?? '';

// The proxy of `make run`. The guide's pause becomes a reload and the wait for it, because a busy machine may need longer.
const prelude = `
  set -e
  make() { :; }
  npx() { shift; node dist/main.js "$@"; }
  node dist/main.js serve --config local/made/config.yaml > serve.log &
  PROXY=$!
  trap 'kill $PROXY; wait $PROXY' EXIT
  until grep -q '"msg":"listening"' serve.log; do command sleep 0.1; done
  PORT=$(sed -n 's/.*"port":\\([0-9]*\\).*"msg":"listening".*/\\1/p' serve.log)
  sleep() { kill -HUP $PROXY; until grep -q '"trigger":"SIGHUP"' serve.log; do command sleep 0.1; done; echo reloaded; }
`;

it('docs/conformance.md: its commands run every case that xks-proxy can pass', async () => {
  const checkout = temporaryFolder();
  symlinkSync(join(ROOT, 'dist'), join(checkout, 'dist'));
  mkdirSync(join(checkout, 'bin'));
  symlinkSync(process.execPath, join(checkout, 'bin/node'));
  setUpLocal(checkout, { main: join(checkout, 'dist/main.js'), host: '127.0.0.1', port: 0, env: ENVIRONMENT });
  const env = {
    PATH: `${join(checkout, 'bin')}:${ENVIRONMENT['PATH'] ?? ''}`,
    SOFTHSM2_CONF: join(checkout, 'softhsm/made/softhsm2.conf'),
  };
  const commands = prelude + everyCase.replace('localhost:8443', 'localhost:$PORT');
  const { exitCode, stdout, stderr } = await runProgram(['bash', '-c', commands], { cwd: checkout, env });
  const failed = stdout.split('\n').filter((line) => /^ +(FAIL|n\/r) /.test(line));
  expect({ exitCode, failed }, stdout + stderr).toEqual({ exitCode: 0, failed: [] });
  // Without the pause, a fast machine runs the suite before the proxy has the new keys.
  expect(stdout).toMatch(/^reloaded$.*second-store/ms);
});
