import { randomBytes } from 'node:crypto';
import { ModuleFault } from '../cryptoki/cryptokiError.ts';
import type { Cryptoki, SessionHandle } from '../cryptoki/cryptoki.ts';
import { RecentIvs } from './recentIvs.ts';

const IV_BYTES = 12;
// One C_GenerateRandom, a round trip to a network HSM, serves this many IVs.
const IVS_AHEAD = 20;

export interface RandomIvsOptions {
  readonly cryptoki: Pick<Cryptoki, 'generateRandom'>;
  /** Called when the HSM's generator repeats its output. */
  readonly onRepeat: () => void;
}

/**
 * IVs of 12 bytes for one key manager: random bytes of the HSM XOR random bytes of the operating system. Each IV is as
 * unpredictable as the output of the better generator. So it does no harm if one of them repeats its output or is predictable.
 */
export class RandomIvs {
  readonly #options: RandomIvsOptions;
  readonly #fromHsm = new RecentIvs();
  #ahead: Buffer = Buffer.alloc(0);

  constructor(options: RandomIvsOptions) {
    this.#options = options;
  }

  /** Throws ModuleFault if the HSM gives too few bytes, and CryptokiError. */
  next(session: SessionHandle): Buffer {
    const fromHsm = this.#takeFromHsm(session);
    if (!this.#fromHsm.add(fromHsm)) this.#options.onRepeat();
    // Read for each IV, and not ahead: a machine that is restored from a snapshot would use bytes in memory twice.
    const iv = randomBytes(IV_BYTES);
    for (const [index, byte] of fromHsm.entries()) iv[index] = byte ^ (iv[index] ?? 0);
    return iv;
  }

  #takeFromHsm(session: SessionHandle): Buffer {
    if (this.#ahead.length === 0) {
      const wanted = IVS_AHEAD * IV_BYTES;
      const bytes = this.#options.cryptoki.generateRandom(session, wanted);
      if (bytes.length !== wanted)
        throw new ModuleFault(`C_GenerateRandom gave ${bytes.length} bytes and not ${wanted}`);
      this.#ahead = bytes;
    }
    const taken = this.#ahead.subarray(0, IV_BYTES);
    this.#ahead = this.#ahead.subarray(IV_BYTES);
    return taken;
  }
}
