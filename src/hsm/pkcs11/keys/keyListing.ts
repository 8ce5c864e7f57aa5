import type { KeySelector } from '../../keyManager.ts';
import type { ObjectHandle } from '../cryptoki/cryptoki.ts';
import { idOf } from './keyDirectory.ts';

/** Handles of a token's secret keys by their labels and CKA_IDs. */
export class KeyListing {
  readonly #bySelector = new Map<string, ObjectHandle[]>();

  /** `key`: its label and CKA_ID, as far as it has them. */
  add(handle: ObjectHandle, { label, ckaId }: KeySelector): void {
    // A selector has one of them, or both.
    for (const id of new Set([idOf({ label }), idOf({ ckaId }), idOf({ label, ckaId })])) {
      const same = this.#bySelector.get(id);
      if (same) same.push(handle);
      else this.#bySelector.set(id, [handle]);
    }
  }

  /** All keys that are so selected. */
  find(selector: KeySelector): readonly ObjectHandle[] {
    return this.#bySelector.get(idOf(selector)) ?? [];
  }
}
