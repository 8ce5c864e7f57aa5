import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportTiles, openForExport } from '../../src/audit/read/exportTiles.ts';
import { logOfSize } from '../support/auditLogs.ts';
import { runProgram } from '../support/runProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

// A verifier from another project, written in Go: https://github.com/transparency-dev/tessera/tree/main/cmd/fsck
const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4';
const GO_MINOR = 24;
// The build takes 35 s on two free cores if the Go module cache is empty.
const BUILD_MS = 180_000;
const RUN_MS = 20_000;
// With these settings, go downloads no toolchain and needs no C compiler.
const BUILD_ENV = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '' };

const goVersion = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: BUILD_ENV }).stdout as string | null;
const hasGo = Number(/^go1\.(\d+)/.exec(goVersion ?? '')?.[1] ?? 0) >= GO_MINOR;

let folder: string;

beforeAll(async () => {
  if (!hasGo) return;
  folder = mkdtempSync(join(tmpdir(), 'xks-proxy-fsck-'));
  const env = { ...BUILD_ENV, GOBIN: folder };
  const { exitCode, stderr } = await runProgram(['go', 'install', FSCK], { env, limitMs: BUILD_MS });
  if (exitCode !== 0) throw new Error(`${FSCK} could not be built:\n${stderr}`);
}, BUILD_MS + 10_000);
afterAll(() => {
  if (hasGo) rmSync(folder, { recursive: true });
});

/** Makes a log of this size and exports it. Returns the folders of both. */
async function exported(size: number): Promise<{ readonly log: string; readonly out: string }> {
  const directory = temporaryFolder();
  const log = await logOfSize(directory, size, { segmentRecords: 20_000 });
  const out = join(directory, 'out');
  Array.from(exportTiles(openForExport(log), out));
  return { log, out };
}

/** Runs fsck and returns its messages. The exit code is useless, because v1.0.4 exits with 0 even if it finds faults. */
async function fsck({ log, out }: { readonly log: string; readonly out: string }): Promise<string> {
  const args = ['--ui=false', `--storage_url=file://${out}`, `--public_key=${join(log, 'vkey')}`];
  const { exitCode, stderr } = await runProgram([join(folder, 'fsck'), ...args], { limitMs: RUN_MS });
  if (exitCode < 0) throw new Error(`fsck has not ended: ${stderr}`);
  return stderr;
}

const name = `fsck of Tessera${hasGo ? '' : ` (skipped: go 1.${GO_MINOR} or newer is not installed)`}`;
describe.skipIf(!hasGo)(name, () => {
  it.each([1, 255, 256, 257, 66_000])('passes on an export of %i records', async (size) => {
    const said = await fsck(await exported(size));
    expect(said).toContain(`Successfully fsck'd log with size ${size} and root `);
    expect(said).not.toContain('failed');
  });

  // fsck also finds a change in an earlier bundle, but then hangs, because its only worker has ended before the last tile.
  it.each([
    ['an entry', 'tile/entries/001.p/44'],
    ['a tile of leaves', 'tile/0/001.p/44'],
    ['a tile of a higher level', 'tile/1/000.p/1'],
    ['the checkpoint', 'checkpoint'],
  ])('fails when %s was changed', async (_what, file) => {
    const log = await exported(300);
    const bytes = readFileSync(join(log.out, file));
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
    writeFileSync(join(log.out, file), bytes);
    const said = await fsck(log);
    expect(said).toContain('fsck failed');
    expect(said).not.toContain('Successfully');
  });
});
