import { statfsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LittleSpace, SpaceReserve } from '../../../src/audit/log/spaceReserve.ts';

vi.mock('node:fs', () => ({ statfsSync: vi.fn() }));

const MIB = 1024 * 1024;
let free = 0;
let size = 0;
let now = 0;

beforeEach(() => {
  vi.mocked(statfsSync as () => object).mockImplementation(() => ({
    bsize: 4_096,
    blocks: size / 4_096,
    bavail: free / 4_096,
  }));
  now = 0;
});
afterEach(() => {
  vi.resetAllMocks();
});

function reserve(): SpaceReserve {
  return new SpaceReserve('/audit', () => now);
}

describe('SpaceReserve', () => {
  it.each([
    ['64 MiB of a large file system', 100_000 * MIB, 64 * MIB],
    ['a twentieth of a small one', 100 * MIB, 5 * MIB],
  ])('keeps %s', (_what, of, kept) => {
    size = of;
    free = kept + 4_096;
    reserve().require(4_096);
    free = kept;
    expect(() => {
      reserve().require(1);
    }).toThrow(LittleSpace);
  });

  it('reports the space that is left', () => {
    [size, free] = [100 * MIB, 3 * MIB];
    expect(() => {
      reserve().require(1);
    }).toThrow(
      'little space is left on the file system of /audit: 3072 KiB are free, and 5120 KiB are kept for its end',
    );
  });

  it('reads the free space each second, and after an eighth of the reserve was written', () => {
    [size, free] = [100 * MIB, 90 * MIB];
    const space = reserve();
    for (let write = 0; write < 100; write += 1) space.require(1_000);
    expect(statfsSync).toHaveBeenCalledTimes(1);
    now = 1_000;
    space.require(1_000);
    expect(statfsSync).toHaveBeenCalledTimes(2);
    space.require(5 * MIB);
    expect(statfsSync).toHaveBeenCalledTimes(3);
  });

  it('notices at once that there is space again', () => {
    [size, free] = [100 * MIB, 0];
    const space = reserve();
    expect(() => {
      space.require(1);
    }).toThrow(LittleSpace);
    free = 50 * MIB;
    space.require(1);
  });
});
