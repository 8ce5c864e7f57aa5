import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { requestMetadata } from './messages.ts';

/** The body of a request or an answer. */
export type Body = Readonly<Record<string, unknown>>;

/** A request with a check of its answer. */
export interface Probe {
  readonly operation: 'encrypt' | 'decrypt';
  readonly body: Body;
  /** Throws AssertionError unless this body of a 200 answer is right. */
  readonly prove: (answer: Body) => void;
}

export interface ProbeOptions {
  /** Length of the plaintext, 32 if absent. */
  readonly bytes?: number;
  /** Length of the IV of a ciphertext to decrypt, 12 if absent. */
  readonly ivBytes?: 12 | 16;
}

const NO_BYTES = Buffer.alloc(0);
const AAD_BYTES = 30;

/**
 * An AES-256 key whose bytes are known outside the token. node:crypto can tell right answers of a proxy from wrong
 * ones, without any code of the proxy.
 */
export class KnownKey {
  readonly value = randomBytes(32);
  readonly #ivs = new Set<string>();

  /**
   * An Encrypt request with a CDIV. A right answer decrypts to the plaintext, and has an IV that was not used with this
   * key before.
   */
  encryptProbe({ bytes = 32 }: ProbeOptions = {}): Probe {
    const [plaintext, aad] = [randomBytes(bytes), randomBytes(AAD_BYTES)];
    return {
      operation: 'encrypt',
      body: {
        requestMetadata,
        encryptionAlgorithm: 'AES_GCM',
        plaintext: plaintext.toString('base64'),
        additionalAuthenticatedData: aad.toString('base64'),
        ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
      },
      prove: (answer) => {
        assert.deepEqual(this.open(answer, aad), plaintext);
        const iv = String(answer['initializationVector']);
        assert(!this.#ivs.has(iv), 'an IV was used twice');
        this.#ivs.add(iv);
      },
    };
  }

  /** A Decrypt request for a ciphertext made by node:crypto. */
  decryptProbe({ bytes = 32, ivBytes = 12 }: ProbeOptions = {}): Probe {
    const [plaintext, aad] = [randomBytes(bytes), randomBytes(AAD_BYTES)];
    return {
      operation: 'decrypt',
      body: {
        requestMetadata: { ...requestMetadata, kmsOperation: 'Decrypt' },
        encryptionAlgorithm: 'AES_GCM',
        additionalAuthenticatedData: aad.toString('base64'),
        ...this.seal(plaintext, framed(aad, NO_BYTES), ivBytes),
      },
      prove: (answer) => {
        assert.deepEqual(answer, { plaintext: plaintext.toString('base64') });
      },
    };
  }

  /** The plaintext of an answer to Encrypt. Throws unless it decrypts with this AAD and its CDIV, if any, is right. */
  open(answer: Body, aad: Buffer): Buffer {
    const [ciphertext, iv, tag] = ['ciphertext', 'initializationVector', 'authenticationTag'].map((name) =>
      bytesOf(answer, name),
    ) as [Buffer, Buffer, Buffer];
    const metadata = 'ciphertextMetadata' in answer ? bytesOf(answer, 'ciphertextMetadata') : NO_BYTES;
    const cdiv = answer['ciphertextDataIntegrityValue'];
    if (cdiv !== undefined) {
      assert.equal(cdiv, hash('sha256', Buffer.concat([aad, metadata, iv, ciphertext, tag]), 'base64'));
    }
    const decipher = createDecipheriv('aes-256-gcm', this.value, iv, { authTagLength: 16 });
    decipher.setAAD(framed(aad, metadata)).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  }

  /** The ciphertext fields of a Decrypt request. `framedAad` is the AAD that the key manager authenticates. */
  seal(plaintext: Buffer, framedAad: Buffer, ivBytes = 12): Body {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.value, iv).setAAD(framedAad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return {
      ciphertext: ciphertext.toString('base64'),
      initializationVector: iv.toString('base64'),
      authenticationTag: cipher.getAuthTag().toString('base64'),
    };
  }
}

function bytesOf(body: Body, field: string): Buffer {
  const value = body[field];
  assert(typeof value === 'string', `${field} is missing`);
  return Buffer.from(value, 'base64');
}

/** Spec, "Encrypt": the AAD that the key manager authenticates. */
function framed(aad: Buffer, metadata: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(aad.length);
  return Buffer.concat([length, aad, Buffer.of(metadata.length), metadata]);
}
