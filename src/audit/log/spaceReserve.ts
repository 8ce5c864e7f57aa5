import { statfsSync } from 'node:fs';

/** Too little space is left to take records. What is left is kept for the last records of the log. */
export class LittleSpace extends Error {
  override readonly name = 'LittleSpace';
}

const MAX_RESERVE_BYTES = 64 * 1024 * 1024;
// Share of the file system to reserve, for small file systems.
const RESERVE_SHARE = 0.05;
// Other processes write there too, so the free space is read again after this time, or after part of the reserve was written.
const INTERVAL_MS = 1_000;
const PARTS = 8;

/** Space to be kept free on the file system of a folder. */
export class SpaceReserve {
  readonly #folder: string;
  /** Milliseconds of a clock that is never set back. */
  readonly #clock: () => number;
  #readAt = -Infinity;
  #written = 0;
  #reserve = 0;
  #free = 0;

  constructor(folder: string, clock: () => number) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Throws LittleSpace if writing this many bytes would use a part of the reserve. */
  require(bytes: number): void {
    this.#written += bytes;
    const now = this.#clock();
    const isOld = now - this.#readAt >= INTERVAL_MS || this.#written > this.#reserve / PARTS;
    if (isOld || this.#free < this.#reserve) this.#read(now);
    if (this.#free - bytes >= this.#reserve) return;
    const free = `${Math.floor(this.#free / 1024)} KiB are free, and ${Math.ceil(this.#reserve / 1024)} KiB are kept for its end`;
    throw new LittleSpace(`little space is left on the file system of ${this.#folder}: ${free}`);
  }

  #read(now: number): void {
    const { bsize, blocks, bavail } = statfsSync(this.#folder);
    this.#free = bavail * bsize;
    this.#reserve = Math.min(MAX_RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
    this.#readAt = now;
    this.#written = 0;
  }
}
