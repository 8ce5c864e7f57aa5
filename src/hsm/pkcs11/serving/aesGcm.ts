import { IV_BYTES, TAG_BYTES } from '../../../xks/limits.ts';
import type { Sealed } from '../../keyManager.ts';
import { ModuleFault } from '../cryptoki/cryptokiError.ts';
import type { CipherCalls, Cryptoki, GcmParameters, ObjectHandle, SessionHandle } from '../cryptoki/cryptoki.ts';
import { RandomIvs } from './randomIvs.ts';
import { RecentIvs } from './recentIvs.ts';

// Length of the IV that an HSM writes in place.
const GIVEN_IV_BYTES = 12;

/** The way in which a module takes AES-GCM calls. */
export interface GcmDialect {
  /** none: C_Encrypt and C_Decrypt run in the calling thread. thread: they run in libuv's pool, in parallel. */
  readonly isolation: 'none' | 'thread';
  /**
   * The source of the IV. random: C_GenerateRandom XOR the operating system's generator. hsm-in-place: the HSM writes its own IV
   * over the 12 zeros that it gets. hsm-appended: the HSM gets no IV, and its own, of 12 or 16 bytes, follows the tag.
   */
  readonly iv: 'random' | 'hsm-in-place' | 'hsm-appended';
  readonly gcmParameters: GcmParameters;
}

/** AES-GCM by a token. Lengths in a module's answers are always checked. */
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
    // The buffer has extra room, so that a wrong length is noticed. It holds zeros, so that it cannot reveal earlier contents of
    // the memory.
    const output = Buffer.alloc(Math.max(...lengths) + TAG_BYTES);
    const call = { key, iv: given, aad, input: plaintext, output, gcmParameters };
    const answer = await this.#calls.encrypt(session, call);
    if (!lengths.includes(answer.length)) throw wrongLength('C_Encrypt', answer.length, lengths.join(' or '));
    const iv = source === 'hsm-appended' ? answer.subarray(tagEnd) : given;
    // Also checked for an IV that the module was given: the module has access to its memory, and may have written to it.
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
