import type { Sealed } from '../../keyManager.ts';

/** In memory of its own, because a view is cloned with all of the memory that it is a view of. */
export function copySealed({ ciphertext, iv, tag }: Sealed): Sealed {
  return { ciphertext: new Uint8Array(ciphertext), iv: new Uint8Array(iv), tag: new Uint8Array(tag) };
}
