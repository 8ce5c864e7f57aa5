import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LogStream, type LogStreamOptions, type StreamLine } from '../../../src/monitoring/logStream.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  return { ...original, writeSync: vi.fn(original.writeSync) };
});
afterEach(() => {
  vi.resetAllMocks();
});

const PIPE_BUF = 4_096;

interface Pipe {
  readonly writer: number;
  /** Reads the contents of a pipe. */
  readonly read: () => string;
  readonly closeReader: () => void;
}

/** A non-blocking pipe with the system's 64 KiB. */
function openPipe(): Pipe {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = fs.openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = fs.openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  let isOpen = true;
  const closeReader = (): void => {
    if (isOpen) fs.closeSync(reader);
    isOpen = false;
  };
  onTestFinished(() => {
    closeReader();
    fs.closeSync(writer);
  });
  const buffer = Buffer.alloc(1024 * 1024);
  const read = (): string => {
    try {
      return buffer.toString('utf8', 0, fs.readSync(reader, buffer));
    } catch {
      return '';
    }
  };
  return { writer, read, closeReader };
}

function streamTo(descriptor: number, options: Partial<LogStreamOptions> = {}) {
  const onGone = vi.fn();
  const clock = vi.fn(() => 0);
  const stream = new LogStream({ descriptor, isShared: false, clock, onGone, ...options });
  onTestFinished(() => {
    stream.close();
  });
  return { stream, onGone, clock };
}

/** Reads until the stream has written everything. */
function readAll(stream: LogStream, { read }: Pipe): string {
  let text = '';
  for (;;) {
    const isEmpty = stream.isEmpty;
    const part = read();
    text += part;
    if (isEmpty && part === '') return text;
    stream.flush();
  }
}

/** Fills the pipe until it accepts nothing more. */
function fill(stream: LogStream): string {
  const line = `${'f'.repeat(1_023)}\n`;
  for (let line_ = 0; line_ < 64; line_ += 1) stream.write(line);
  return line.repeat(64);
}

function lineOf(text: string): StreamLine & { readonly onWritten: ReturnType<typeof vi.fn<() => void>> } {
  return { text: `${text}\n`, onWritten: vi.fn<() => void>() };
}

describe('lines', () => {
  it('are written whole and in order, and their callers notified', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer);
    const [one, two] = [lineOf('one'), lineOf('zwei ä€😀')];
    stream.push(one);
    stream.push(two);
    expect(one.onWritten).not.toHaveBeenCalled();
    stream.flush();
    stream.write('three\n');
    expect([one, two].map(({ onWritten }) => onWritten.mock.calls.length)).toEqual([1, 1]);
    expect(pipe.read()).toBe('one\nzwei ä€😀\nthree\n');
    expect(stream.isEmpty).toBe(true);
    expect(fs.writeSync).toHaveBeenCalledTimes(2);
  });

  it('that were written partially continue there, and can no longer be changed', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer);
    const long = lineOf('ä'.repeat(100_000));
    const next = lineOf('next');
    stream.push(long);
    stream.push(next);
    stream.flush();
    expect(long.isTaken).toBe(true);
    expect(long.onWritten).not.toHaveBeenCalled();
    long.text = 'changed\n';
    expect(readAll(stream, pipe)).toBe(`${'ä'.repeat(100_000)}\nnext\n`);
    expect(long.onWritten).toHaveBeenCalledOnce();
    expect(next.onWritten).toHaveBeenCalledOnce();
  });

  it('that wait may be changed before any part is written', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer);
    const filling = fill(stream);
    const line = lineOf('success');
    stream.push(line);
    stream.flush();
    expect(line.isTaken).toBeUndefined();
    line.text = 'failure\n';
    expect(readAll(stream, pipe)).toBe(`${filling}failure\n`);
  });

  it('may be written from within onWritten, in any number', () => {
    const pipe = openPipe();
    vi.mocked(fs.writeSync).mockImplementation((_descriptor, bytes) => Buffer.from(bytes).length);
    const { stream } = streamTo(pipe.writer, { isShared: true });
    let written = 0;
    for (let line = 0; line < 5_000; line += 1) {
      stream.push({
        text: `${'x'.repeat(3_000)}\n`,
        onWritten: () => {
          written += 1;
          stream.write(`${'y'.repeat(3_000)}\n`);
        },
      });
    }
    stream.flush();
    expect(written).toBe(5_000);
    expect(stream.isEmpty).toBe(true);
  });
});

describe('a reader that stops', () => {
  it('is a problem after 200 ms, until it reads again', () => {
    const pipe = openPipe();
    const { stream, clock } = streamTo(pipe.writer);
    fill(stream);
    stream.write('more\n');
    expect(stream.problem).toBeUndefined();
    clock.mockReturnValue(199);
    stream.flush();
    expect(stream.problem).toBeUndefined();
    clock.mockReturnValue(200);
    expect(stream.problem).toBe('the log cannot be written: its reader has stopped reading');
    expect(readAll(stream, pipe)).toMatch(/more\n$/);
    expect(stream.problem).toBeUndefined();
  });

  it('does not let lines fill the memory, because it drops and counts them', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer);
    const lines = 5_000;
    for (let line = 0; line < lines; line += 1) stream.write(`${JSON.stringify({ line, text: 'x'.repeat(500) })}\n`);
    expect(stream.isBehind).toBe(true);
    const written = readAll(stream, pipe).split('\n').slice(0, -1);
    const last = JSON.parse(written.at(-1) ?? '') as { omitted: number };
    expect(last).toMatchObject({ level: 'error', msg: 'lines of the log were dropped' });
    expect(last.omitted).toBeGreaterThan(2_000);
    expect(written.length - 1 + last.omitted).toBe(lines);
    expect(stream.isBehind).toBe(false);
  });

  it.each([
    ['longer', 'x'.repeat(100_000)],
    ['shorter', ''],
  ])('does not change the limit if records became %s meanwhile', (_what, text) => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer);
    for (let round = 0; round < 25; round += 1) {
      fill(stream);
      const record = lineOf('x'.repeat(50_000));
      stream.push(record);
      stream.flush();
      record.text = `${text}\n`;
      readAll(stream, pipe);
    }
    fill(stream);
    // With 512 KiB and a line, the stream is behind.
    for (let line = 0; line < 512; line += 1) stream.write(`${'x'.repeat(1_023)}\n`);
    expect(stream.isBehind).toBe(false);
    stream.write('x\n');
    expect(stream.isBehind).toBe(true);
    expect(readAll(stream, pipe)).not.toContain('dropped');
  });

  it('is reported once if it never reads again', () => {
    const pipe = openPipe();
    const { stream, onGone } = streamTo(pipe.writer);
    pipe.closeReader();
    const line = lineOf('x');
    stream.push(line);
    stream.flush();
    expect(onGone).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('EPIPE'));
    expect(line.onWritten).not.toHaveBeenCalled();
  });
});

describe('a file that accepts nothing', () => {
  it('is a problem until it accepts a write', () => {
    const file = fs.openSync(join(temporaryFolder(), 'log'), 'a');
    const { stream } = streamTo(file);
    vi.mocked(fs.writeSync).mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    stream.write('line\n');
    expect(stream.problem).toBe('the log cannot be written: ENOSPC: no space left on device, write');
    vi.resetAllMocks();
    stream.flush();
    expect(stream.problem).toBeUndefined();
    fs.closeSync(file);
  });
});

describe('a pipe that several processes write to', () => {
  it('gets whole lines, in writes that are small enough not to mix', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer, { isShared: true });
    expect(stream.maxLineBytes).toBe(PIPE_BUF);
    const lines = Array.from({ length: 200 }, (_, line) => `${JSON.stringify({ line, text: 'ä'.repeat(line * 9) })}\n`);
    stream.write(lines.join(''));
    const written = readAll(stream, pipe);
    const sizes = vi.mocked(fs.writeSync).mock.calls.map(([, bytes]) => Buffer.from(bytes));
    expect(sizes.filter(({ length }) => length > PIPE_BUF)).toEqual([]);
    expect(sizes.filter((bytes) => bytes.at(-1) !== 0x0a)).toEqual([]);
    const parsed = written
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { line: number; text: string });
    expect(parsed.map(({ line }) => line)).toEqual(lines.map((_, line) => line));
    expect(parsed[200 - 1]?.text).toMatch(/^ä+$/);
  });

  it('gets shortened long lines: JSON stays JSON, and other text may be anything', () => {
    const pipe = openPipe();
    const { stream } = streamTo(pipe.writer, { isShared: true });
    stream.write(`${JSON.stringify({ level: 'info', text: '€'.repeat(5_000), msg: 'message' })}\n`);
    stream.write(`${'€'.repeat(5_000)}\n`);
    stream.write('no end');
    const [json, text] = readAll(stream, pipe).split('\n');
    expect(JSON.parse(json ?? '')).toEqual({
      level: 'info',
      text: expect.stringMatching(/^€+\.\.\.$/) as string,
      msg: 'message',
    });
    expect(text).toBe('€'.repeat(PIPE_BUF / 4));
  });
});
