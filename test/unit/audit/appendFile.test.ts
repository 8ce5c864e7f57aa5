import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppendFile, FileLost } from '../../../src/audit/log/appendFile.ts';
import { appendAll, openLog, requestRecord } from '../../support/auditLogs.ts';
import { notes, records } from '../../support/logUnderTest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

vi.mock('node:fs', { spy: true });

const FULL = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

afterEach(() => {
  vi.resetAllMocks();
});

/** Makes the next write accept this number of bytes, and the one after it none. */
function fillAfter(bytes: number): void {
  const write = vi.mocked(fs.writeSync);
  write.mockImplementationOnce((descriptor, buffer, offset) => {
    // writev is not mocked.
    const part = Buffer.from(buffer).subarray(Number(offset), Number(offset) + bytes);
    const taken = fs.writevSync(descriptor, [part]);
    write.mockImplementationOnce(() => {
      throw FULL;
    });
    return taken;
  });
}

describe('AppendFile', () => {
  let path = '';
  let file: AppendFile;
  const written = () => fs.readFileSync(path, 'utf8');

  beforeEach(() => {
    path = join(temporaryFolder(), 'file');
    file = new AppendFile(path);
  });
  afterEach(() => {
    file.close();
  });

  it('keeps only the whole lines of a partial write', () => {
    fillAfter(7);
    expect(file.appendLines(Buffer.from('one\ntwo\nthree\n'))).toEqual({ kept: 4, failure: FULL });
    expect(written()).toBe('one\n');
    expect(file.appendLines(Buffer.from('two\n'))).toEqual({ kept: 4 });
    expect(written()).toBe('one\ntwo\n');
    file.requireUntouched();
  });

  it('keeps nothing of a text that was written partially', () => {
    fillAfter(5);
    expect(() => {
      file.appendWhole('one\ntwo\n');
    }).toThrow(FULL);
    expect(written()).toBe('');
    file.requireUntouched();
  });

  it('removes a partial line later, if the file cannot be truncated now', () => {
    fillAfter(7);
    vi.mocked(fs.ftruncateSync).mockImplementationOnce(() => {
      throw FULL;
    });
    expect(file.appendLines(Buffer.from('one\ntwo\nthree\n'))).toEqual({ kept: 4, failure: FULL });
    expect(written()).toBe('one\ntwo');
    file.requireUntouched();
    vi.mocked(fs.ftruncateSync).mockImplementationOnce(() => {
      throw FULL;
    });
    expect(file.appendLines(Buffer.from('x\n'))).toEqual({ kept: 0, failure: FULL });
    expect(file.appendLines(Buffer.from('two\n'))).toEqual({ kept: 4 });
    expect(written()).toBe('one\ntwo\n');
    file.requireUntouched();
  });

  it.each<[string, () => void]>([
    [
      'deleted',
      () => {
        fs.rmSync(path);
      },
    ],
    [
      'written to by another',
      () => {
        fs.appendFileSync(path, 'x');
      },
    ],
    [
      'cut',
      () => {
        fs.truncateSync(path, 1);
      },
    ],
  ])('finds that it was %s', (_what, change) => {
    file.appendWhole('line\n');
    file.requireUntouched();
    change();
    expect(() => {
      file.requireUntouched();
    }).toThrow(FileLost);
  });

  it('detects that it was moved, or that another file has its name', () => {
    file.requireInPlace();
    const requireInPlace = () => {
      file.requireInPlace();
    };
    fs.renameSync(path, `${path}.away`);
    expect(requireInPlace).toThrow(FileLost);
    fs.writeFileSync(path, '');
    expect(requireInPlace).toThrow(FileLost);
    fs.renameSync(`${path}.away`, path);
    requireInPlace();
  });

  it('does nothing after it was closed, and keeps its descriptor until its data is on the disk', async () => {
    file.appendWhole('line\n');
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    const synced = file.sync();
    file.close();
    file.close();
    expect(open()).toBe(before);
    await synced;
    expect(open()).toBe(before - 1);
    expect(file.appendLines(Buffer.from('x\n'))).toMatchObject({ kept: 0, failure: { message: `${path} is closed` } });
    await expect(file.sync()).rejects.toThrow('is closed');
    for (const use of ['syncNow', 'requireInPlace', 'requireUntouched'] as const) {
      expect(() => {
        file[use]();
      }).toThrow('is closed');
    }
  });
});

describe('the order on disk', () => {
  /** Runs `run` and returns the names of the files that were synced meanwhile. */
  async function forced(run: () => unknown): Promise<string[]> {
    const nameOf = (descriptor: number) => basename(fs.readlinkSync(`/proc/self/fd/${descriptor}`));
    const names: string[] = [];
    const note = (descriptor: number) => {
      names.push(nameOf(descriptor));
    };
    vi.mocked(fs.fdatasyncSync).mockImplementation(note);
    vi.mocked(fs.fsyncSync).mockImplementation(note);
    await run();
    return names;
  }

  it('of a new log is its key, its folder, then its first segment', async () => {
    const directory = temporaryFolder();
    const names = await forced(() => {
      openLog(directory, { sync: 'interval' }).abandon();
    });
    expect(names).toEqual(['vkey', basename(directory), 'main']);
  });

  it('at the end of a segment is records, checkpoint, range, then the next segment', async () => {
    const log = openLog(temporaryFolder(), { sync: 'interval', segmentRecords: 2 });
    appendAll(log, [requestRecord()]);
    const names = await forced(() => {
      appendAll(log, [requestRecord()]);
    });
    expect(names).toEqual([records(0), notes(0), 'ranges', 'main']);
    log.abandon();
  });

  it('with sync: never is empty, because nothing is synced', async () => {
    const names = await forced(() => {
      const log = openLog(temporaryFolder(), { sync: 'never', segmentRecords: 2 });
      appendAll(log, [requestRecord(), requestRecord()]);
      log.close();
    });
    expect(names).toEqual([]);
  });
});
