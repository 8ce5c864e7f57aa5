import assert from 'node:assert/strict';
import { hash, randomBytes, randomInt } from 'node:crypto';
import type { Body, Probe } from '../../test/support/knownKey.ts';
import { requestMetadata } from '../../test/support/messages.ts';

interface Kept {
  readonly plaintext: string;
  /** Fields of the Decrypt request. */
  readonly sealed: Body;
}

const KEPT = 500;

/** External key whose bytes are unknown. Its ciphertexts are right if any proxy can decrypt them at any time. */
export class RoundTripKey {
  /** Values of ciphertextMetadata in answers. */
  readonly versions = new Set<unknown>();
  readonly #kept: Kept[] = [];

  /** Returns an Encrypt that requests a CDIV, which is checked. */
  encryptProbe(): Probe {
    const plaintext = randomBytes(32).toString('base64');
    const additionalAuthenticatedData = randomBytes(30).toString('base64');
    const common = { encryptionAlgorithm: 'AES_GCM', additionalAuthenticatedData };
    return {
      operation: 'encrypt',
      body: { requestMetadata, ...common, plaintext, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' },
      prove: ({ ciphertextDataIntegrityValue, ...sealed }) => {
        const { ciphertextMetadata = '', initializationVector, ciphertext, authenticationTag } = sealed;
        const parts = [additionalAuthenticatedData, ciphertextMetadata, initializationVector, ciphertext];
        const bytes = [...parts, authenticationTag].map((part) => Buffer.from(String(part), 'base64'));
        assert.equal(ciphertextDataIntegrityValue, hash('sha256', Buffer.concat(bytes), 'base64'));
        this.versions.add(ciphertextMetadata);
        // Some old ciphertexts stay among the new ones.
        const place = this.#kept.length < KEPT ? this.#kept.length : randomInt(KEPT);
        this.#kept[place] = { plaintext, sealed: { ...common, ...sealed } };
      },
    };
  }

  /** Returns a Decrypt of an earlier ciphertext. Undefined if there is none yet. */
  decryptProbe(): Probe | undefined {
    const kept = this.#kept[randomInt(Math.max(1, this.#kept.length))];
    if (!kept) return undefined;
    const { plaintext, sealed } = kept;
    return {
      operation: 'decrypt',
      body: { requestMetadata: { ...requestMetadata, kmsOperation: 'Decrypt' }, ...sealed },
      prove: (answer) => {
        assert.deepEqual(answer, { plaintext });
      },
    };
  }
}
