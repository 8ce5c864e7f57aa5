import { TAG_BYTES } from '../../xks/limits.ts';
import type { Sealed } from '../keyManager.ts';
import { ModuleFault } from './cryptokiError.ts';
import type { CipherCalls, Cryptoki, ObjectHandle, SessionHandle } from './cryptoki.ts';

const IV_BYTES = 12;

/** AES-GCM by a token. Nothing that a module answers is believed about lengths. */
export class AesGcm {
  readonly #cryptoki: Cryptoki;
  readonly #calls: CipherCalls;
  #lastIv: Buffer = Buffer.alloc(IV_BYTES);

  constructor(cryptoki: Cryptoki, calls: 'blocking' | 'threadpool') {
    this.#cryptoki = cryptoki;
    this.#calls = cryptoki[calls];
  }

  async encrypt(session: SessionHandle, key: ObjectHandle, plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed> {
    const iv = this.#randomIv(session);
    const length = plaintext.length + TAG_BYTES;
    // Room for more, so that a wrong length is seen; zeros, so that it cannot reveal what was in memory before.
    const output = Buffer.alloc(length + TAG_BYTES);
    const answer = await this.#calls.encrypt(session, { key, iv, aad, input: plaintext, output });
    if (answer.length !== length) throw wrongLength('C_Encrypt', answer.length, length);
    return { ciphertext: answer.subarray(0, plaintext.length), iv, tag: answer.subarray(plaintext.length) };
  }

  async decrypt(
    session: SessionHandle,
    key: ObjectHandle,
    { ciphertext, iv, tag }: Sealed,
    aad: Uint8Array,
  ): Promise<Uint8Array> {
    const input = Buffer.concat([ciphertext, tag]);
    const output = Buffer.alloc(input.length);
    const answer = await this.#calls.decrypt(session, { key, iv, aad, input, output });
    if (answer.length !== ciphertext.length) throw wrongLength('C_Decrypt', answer.length, ciphertext.length);
    return answer;
  }

  #randomIv(session: SessionHandle): Buffer {
    const iv = this.#cryptoki.generateRandom(session, IV_BYTES);
    // Zeros (what a module leaves that answers CKR_OK and writes nothing) or the same bytes again: one IV for many encryptions.
    if (iv.length !== IV_BYTES || iv.every((byte) => byte === 0) || iv.equals(this.#lastIv)) {
      throw new ModuleFault('C_GenerateRandom gave no random bytes');
    }
    this.#lastIv = iv;
    return iv;
  }
}

function wrongLength(functionName: string, actual: number, expected: number): ModuleFault {
  return new ModuleFault(`${functionName} gave ${actual} bytes and not ${expected}`);
}
