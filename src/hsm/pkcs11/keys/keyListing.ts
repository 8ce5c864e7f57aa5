import type { KeySelector } from '../../keyManager.ts';
import type { ObjectHandle } from '../cryptoki/cryptoki.ts';
import { idOf } from './keyDirectory.ts';

/** Handles of a token's secret keys by their labels and CKA_IDs. */
export class KeyListing {
  readonly #bySelector = new Map<string, ObjectHandle[]>();

  /** Adds a handle. `key` has its label and CKA_ID, if they are known. */
  add(handle: ObjectHandle, { label, ckaId }: KeySelector): void {
    // A selector has a label, a CKA_ID, or both.
    for (const id of new Set([idOf({ label }), idOf({ ckaId }), idOf({ label, ckaId })])) {
      const same = this.#bySelector.get(id);
      if (same) same.push(handle);
      else this.#bySelector.set(id, [handle]);
    }
  }

  /** Returns the handles of all keys that match the selector. */
  find(selector: KeySelector): readonly ObjectHandle[] {
    return this.#bySelector.get(idOf(selector)) ?? [];
  }
}
