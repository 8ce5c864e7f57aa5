import { IV_BYTES, TAG_BYTES } from '../../../xks/limits.ts';
import type { Sealed } from '../../keyManager.ts';
import { ModuleFault } from '../cryptoki/cryptokiError.ts';
import type { CipherCalls, Cryptoki, GcmParameters, ObjectHandle, SessionHandle } from '../cryptoki/cryptoki.ts';
import { RandomIvs } from './randomIvs.ts';
import { RecentIvs } from './recentIvs.ts';

// The IV that an HSM writes in place.
const GIVEN_IV_BYTES = 12;

/** How a module wants AES-GCM. */
export interface GcmDialect {
  /** none: C_Encrypt and C_Decrypt run in the calling thread. thread: they run in libuv's pool, beside one another. */
  readonly isolation: 'none' | 'thread';
  /**
   * The source of the IV. random: C_GenerateRandom XOR the operating system's generator. hsm-in-place: the HSM writes its own into the 12 zeros that it is given.
   * hsm-appended: the HSM is given none, and its own, of 12 or 16 bytes, follows the tag.
   */
  readonly iv: 'random' | 'hsm-in-place' | 'hsm-appended';
  readonly gcmParameters: GcmParameters;
}

/** AES-GCM by a token. Nothing that a module answers is believed about lengths. */
export class AesGcm {
  readonly #calls: CipherCalls;
  readonly #dialect: GcmDialect;
  readonly #randomIvs: RandomIvs;
  readonly #ivs = new RecentIvs();

  /** `onRepeat`: called when the HSM's generator repeats itself. */
  constructor(cryptoki: Cryptoki, dialect: GcmDialect, onRepeat: () => void) {
    this.#randomIvs = new RandomIvs({ cryptoki, onRepeat });
    this.#calls = dialect.isolation === 'thread' ? cryptoki.threadpool : cryptoki.blocking;
    this.#dialect = dialect;
  }

  async encrypt(session: SessionHandle, key: ObjectHandle, plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed> {
    const { iv: source, gcmParameters } = this.#dialect;
    const given = this.#givenIv(session);
    const tagEnd = plaintext.length + TAG_BYTES;
    const lengths = source === 'hsm-appended' ? IV_BYTES.map((length) => tagEnd + length) : [tagEnd];
    // Room for more, so that a wrong length is seen; zeros, so that it cannot reveal what was in memory before.
    const output = Buffer.alloc(Math.max(...lengths) + TAG_BYTES);
    const call = { key, iv: given, aad, input: plaintext, output, gcmParameters };
    const answer = await this.#calls.encrypt(session, call);
    if (!lengths.includes(answer.length)) throw wrongLength('C_Encrypt', answer.length, lengths.join(' or '));
    const iv = source === 'hsm-appended' ? answer.subarray(tagEnd) : given;
    // What the module was given too: it has had the memory of that, and may have written to it.
    if (!this.#ivs.add(iv)) throw new ModuleFault('C_Encrypt gave no new IV');
    return { ciphertext: answer.subarray(0, plaintext.length), iv, tag: answer.subarray(plaintext.length, tagEnd) };
  }

  async decrypt(
    session: SessionHandle,
    key: ObjectHandle,
    { ciphertext, iv, tag }: Sealed,
    aad: Uint8Array,
  ): Promise<Uint8Array> {
    const { gcmParameters } = this.#dialect;
    const input = Buffer.concat([ciphertext, tag]);
    const output = Buffer.alloc(input.length);
    const answer = await this.#calls.decrypt(session, { key, iv, aad, input, output, gcmParameters });
    if (answer.length !== ciphertext.length) throw wrongLength('C_Decrypt', answer.length, String(ciphertext.length));
    return answer;
  }

  #givenIv(session: SessionHandle): Buffer {
    switch (this.#dialect.iv) {
      case 'random':
        return this.#randomIvs.next(session);
      case 'hsm-in-place':
        return Buffer.alloc(GIVEN_IV_BYTES);
      case 'hsm-appended':
        return Buffer.alloc(0);
    }
  }
}

function wrongLength(functionName: string, actual: number, expected: string): ModuleFault {
  return new ModuleFault(`${functionName} gave ${actual} bytes and not ${expected}`);
}
