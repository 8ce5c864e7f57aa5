import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { encryptWithCdiv, requireDecryptable } from '../../src/hsm/encryptWithCdiv.ts';
import type {
  AadFields,
  KeyDescription,
  KeyFinding,
  KeyManager,
  KeySelector,
  KeyUsage,
  Sealed,
} from '../../src/hsm/keyManager.ts';
import { failureOf } from '../../src/hsm/keyManagerFailures.ts';
import { XksError } from '../../src/xks/errors.ts';

interface Key {
  readonly value: Buffer;
  readonly usage: readonly KeyUsage[];
}

type Protection = Pick<KeyDescription, 'sensitive' | 'extractable'>;

/** A key manager of node:crypto, for tests without an HSM. */
export class InMemoryKeyManager implements KeyManager {
  readonly name = 'in-memory';
  readonly timeoutMs = 200;
  readonly keys = new Map<string, Key>();
  /** Plaintexts and framed AADs that encrypt has received. */
  readonly encrypted: { plaintext: Buffer; aad: Buffer }[] = [];
  /** Deadlines that describeKey, encrypt and decrypt have received, in order. */
  readonly deadlines: (number | undefined)[] = [];
  /** The description of all its keys. */
  protection: Protection = {};
  /** An error that every call throws, if set. */
  failure: Error | undefined;

  addKey(label: string, usage: readonly KeyUsage[] = ['ENCRYPT', 'DECRYPT'], bits = 256): this {
    this.keys.set(label, { value: randomBytes(bits / 8), usage });
    return this;
  }

  describeKey({ label }: KeySelector, deadline?: number): Promise<KeyDescription> {
    this.deadlines.push(deadline);
    return attempt(() => {
      const { value, usage } = this.#key(label);
      return { keySpec: `AES_${value.length * 8}`, keyUsage: usage, ...this.protection };
    });
  }

  describeKeys(keys: readonly KeySelector[], deadline?: number): Promise<KeyFinding[]> {
    return Promise.all(
      keys.map((key) =>
        this.describeKey(key, deadline).then(
          (description) => ({ description }),
          (error: unknown) => ({ failure: failureOf(error) }),
        ),
      ),
    );
  }

  encrypt({ label }: KeySelector, plaintext: Uint8Array, aad: Uint8Array, deadline?: number) {
    this.deadlines.push(deadline);
    return attempt(() => {
      const { value } = this.#key(label, 'ENCRYPT');
      this.encrypted.push({ plaintext: Buffer.from(plaintext), aad: Buffer.from(aad) });
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', value, iv).setAAD(aad);
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return { ciphertext, iv, tag: cipher.getAuthTag() };
    });
  }

  decrypt(
    { label }: KeySelector,
    { ciphertext, iv, tag }: { ciphertext: Uint8Array; iv: Uint8Array; tag: Uint8Array },
    aad: Uint8Array,
    deadline?: number,
  ) {
    this.deadlines.push(deadline);
    return attempt(() => {
      const { value } = this.#key(label, 'DECRYPT');
      const decipher = createDecipheriv('aes-256-gcm', value, iv, { authTagLength: 16 }).setAAD(aad);
      decipher.setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
      } catch (cause) {
        throw new XksError('InvalidCiphertextException', 'The ciphertext does not verify.', { cause });
      }
    });
  }

  async encryptWithCdiv(key: KeySelector, plaintext: Uint8Array, fields: AadFields, deadline?: number) {
    const cipher = {
      encrypt: (bytes: Uint8Array, aad: Uint8Array) => this.encrypt(key, bytes, aad, deadline),
      decrypt: (sealed: Sealed, aad: Uint8Array) => this.decrypt(key, sealed, aad, deadline),
    };
    return encryptWithCdiv(cipher, plaintext, fields);
  }

  async checkHealth(deadline?: number): Promise<void> {
    const [key, plaintext, aad] = [{ label: 'xks-health' }, randomBytes(32), randomBytes(16)];
    const sealed = await this.encrypt(key, plaintext, aad, deadline);
    await requireDecryptable({ decrypt: (...args) => this.decrypt(key, ...args, deadline) }, sealed, aad, plaintext);
  }

  describe() {
    return attempt(() => {
      this.#failIfTold();
      return { id: 'memory-1', vendor: 'tests', model: 'in memory 1.0' };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #key(label = '', needed?: KeyUsage): Key {
    this.#failIfTold();
    const key = this.keys.get(label);
    if (!key) throw new XksError('KeyNotFoundException', 'There is no such key.');
    if (needed && !key.usage.includes(needed))
      throw new XksError('InvalidKeyUsageException', `The key cannot ${needed}.`);
    return key;
  }

  #failIfTold(): void {
    if (this.failure) throw this.failure;
  }
}

// Failures of a key manager are rejections, never synchronous throws.
async function attempt<T>(run: () => T): Promise<T> {
  await Promise.resolve();
  return run();
}
