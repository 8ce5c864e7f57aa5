import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventFile, EventFileFailure } from '../../../src/kms/events/eventFile.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

let folder: string;
let file: string;
let logged: [level: string, record: object, message: string][];
let opened: EventFile[];
beforeEach(() => {
  folder = temporaryFolder({ other: 'key: value\n', cut: '{"a":1}\n{"b":' });
  file = join(folder, 'events.jsonl');
  logged = [];
  opened = [];
});
afterEach(() => {
  for (const each of opened) each.close();
});

function open(path = file): EventFile {
  const events = new EventFile(path, {
    info: (record, message) => logged.push(['info', record, message]),
    error: (record, message) => logged.push(['error', record, message]),
  });
  opened.push(events);
  return events;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

it('has a line for each event, and only its owner can read it', () => {
  const events = open();
  expect(modeOf(file)).toBe(0o600);
  events.write('{"a":1}');
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n');
  events.write('{"é":2}');
  events.close();
  events.write('{"late":3}');
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"é":2}\n');
  expect(logged).toEqual([]);
});

it('continues an existing file, and removes access for all but its owner', () => {
  open().write('{"a":1}');
  chmodSync(file, 0o666);
  open().write('{"b":2}');
  expect(modeOf(file)).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"b":2}\n');
});

it('starts a new line after one that was cut off', () => {
  const cut = join(folder, 'cut');
  open(cut).write('{"c":3}');
  expect(readFileSync(cut, 'utf8')).toBe('{"a":1}\n{"b":\n{"c":3}\n');
});

it.each([
  ['/dev/null', 'it is not a file'],
  ['device', 'it is not a file'],
  ['pipe', 'it is not a file'],
  ['.', 'it is not a file'],
  ['other', 'it contains something other than events'],
  ['missing/events', 'ENOENT: no such file or directory'],
])('is not %s', (path, reason) => {
  symlinkSync('/dev/null', join(folder, 'device'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  chmodSync(join(folder, 'other'), 0o644);
  const before = modeOf('/dev/null');
  const named = path.startsWith('/') ? path : join(folder, path);
  expect(() => open(named)).toThrow(EventFileFailure);
  expect(() => open(named)).toThrow(`The event file ${named} cannot be used (${reason}`);
  expect(modeOf('/dev/null')).toBe(before);
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('key: value\n');
  expect(modeOf(join(folder, 'other'))).toBe(0o644);
});

it('leaves a file that was renamed or removed, and creates a new one', () => {
  const events = open();
  events.write('{"a":1}');
  renameSync(file, `${file}.1`);
  events.write('{"b":2}');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('{"a":1}\n');
  expect(readFileSync(file, 'utf8')).toBe('{"b":2}\n');
  expect(modeOf(file)).toBe(0o600);
  rmSync(file);
  events.write('{"c":3}');
  expect(readFileSync(file, 'utf8')).toBe('{"c":3}\n');
  expect(logged).toEqual([]);
});

it('reports a failure once, and the number of lost events when it can write again', () => {
  const events = open();
  rmSync(file);
  mkdirSync(file);
  events.write('{"a":1}');
  events.write('{"b":2}');
  expect(logged).toEqual([['error', { detail: 'it is not a file' }, 'events cannot be written']]);
  rmdirSync(file);
  events.write('{"c":3}');
  events.write('{"d":4}');
  expect(logged.slice(1)).toEqual([['info', { lost: 2 }, 'events can be written again']]);
  expect(readFileSync(file, 'utf8')).toBe('{"c":3}\n{"d":4}\n');
});

it('never follows a link to a device that has replaced it', () => {
  const events = open();
  rmSync(file);
  symlinkSync('/dev/null', file);
  events.write('{"a":1}');
  expect(logged).toMatchObject([['error', { detail: 'it is not a file' }, 'events cannot be written']]);
});
