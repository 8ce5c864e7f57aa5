import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ENVIRONMENT } from './startTestProgram.ts';

let path: Promise<string> | undefined;

/**
 * A PATH whose `aws` is the AWS CLI, kept loaded for all commands of this process, because loading takes a second of CPU
 * time. If the AWS CLI cannot load the plugin for this (version 2 cannot), it is the plain AWS CLI.
 */
export function pathWithAws(): Promise<string> {
  return (path ??= preloadAws());
}

async function preloadAws(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'aws-'));
  const config = join(folder, 'config');
  writeFileSync(config, '[plugins]\npreloaded = preloaded_aws\n');
  const env = {
    ...ENVIRONMENT,
    HOME: folder,
    AWS_CONFIG_FILE: config,
    PRELOADED_AWS: folder,
    PYTHONPATH: join(import.meta.dirname, 'preloadedAws'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  // It ends, and removes its folder, when this process has ended and thereby closed its standard input.
  const server = spawn('aws', ['--version'], { env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const own = process.env['PATH'] ?? '';
  return line.toString() === 'ready\n' ? folder + delimiter + own : own;
}
