import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSoftHsm, INSTALL_SOFTHSM } from '../src/hsm/pkcs11/module/findSoftHsm.ts';

export interface SoftHsm {
  /** Path of the PKCS#11 module. */
  readonly module: string;
  /** Environment that a process needs to load the module. */
  readonly env: { readonly SOFTHSM2_CONF: string };
  /** Files with the user PIN and the security officer's PIN of all tokens made here. */
  readonly pinFile: string;
  readonly soPinFile: string;
}

export const TOKEN_LABEL = 'xks-proxy';

/** Makes the configuration, the PINs and the folder for tokens of a SoftHSM in `directory`. Keeps those that exist. */
export function setUpSoftHsm(directory: string): SoftHsm {
  const module = findSoftHsm();
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const configuration = join(directory, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  return {
    module,
    env: { SOFTHSM2_CONF: configuration },
    pinFile: makeSecretFile(join(directory, 'pin')),
    soPinFile: makeSecretFile(join(directory, 'so-pin')),
  };
}

/** Initialises another token, without keys. */
export function initializeToken(softHsm: SoftHsm, label: string): void {
  const pin = readFileSync(softHsm.pinFile, 'utf8');
  const soPin = readFileSync(softHsm.soPinFile, 'utf8');
  runUtility(softHsm, ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', soPin]);
}

export function hasToken(softHsm: SoftHsm, label: string): boolean {
  const slots = runUtility(softHsm, ['--show-slots']);
  return slots.split('\n').some((line) => /^\s*Label:\s*(?<label>.*?)\s*$/.exec(line)?.groups?.['label'] === label);
}

/** Writes 128 random bits, in hexadecimal, unless the file exists. */
function makeSecretFile(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(16).toString('hex'), { mode: 0o600 });
  return path;
}

function runUtility({ env }: SoftHsm, args: readonly string[]): string {
  try {
    return execFileSync('softhsm2-util', args, { env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    // The error itself must not be the cause, because it quotes the arguments, which are PINs.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(`There is no softhsm2-util on the PATH. ${INSTALL_SOFTHSM}`);
    }
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`softhsm2-util ${args[0] ?? ''} failed: ${output}`);
  }
}

function main(): void {
  const softHsm = setUpSoftHsm(join(import.meta.dirname, 'made'));
  if (!hasToken(softHsm, TOKEN_LABEL)) initializeToken(softHsm, TOKEN_LABEL);
  process.stdout.write(
    `SoftHSM token "${TOKEN_LABEL}" is ready.\n` +
      `module:        ${softHsm.module}\n` +
      `SOFTHSM2_CONF: ${softHsm.env.SOFTHSM2_CONF}\n` +
      `user PIN:      ${softHsm.pinFile}\n`,
  );
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
