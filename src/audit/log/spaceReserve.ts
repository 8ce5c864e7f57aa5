import { statfsSync } from 'node:fs';

/** So little space is left that records are no longer taken, while the last ones still fit. */
export class LittleSpace extends Error {
  override readonly name = 'LittleSpace';
}

const MAX_RESERVE_BYTES = 64 * 1024 * 1024;
// The reserve on a small file system: a share of its size.
const RESERVE_SHARE = 0.05;
// Other processes write there too: the free space is read again after this time, or after writing a part of the reserve.
const INTERVAL_MS = 1_000;
const PARTS = 8;

/** Space that is kept free on the file system of a folder. */
export class SpaceReserve {
  readonly #folder: string;
  /** Milliseconds that never go back. */
  readonly #clock: () => number;
  #readAt = -Infinity;
  #written = 0;
  #reserve = 0;
  #free = 0;

  constructor(folder: string, clock: () => number) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Throws LittleSpace unless the reserve stays whole when so many bytes are written. */
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
