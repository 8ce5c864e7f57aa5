/** A token that had a key does not have it now. A key manager believes that only after the module was restarted. */
export class KeysVanished extends Error {
  override readonly name = 'KeysVanished';

  /** `key`: the selector in words. */
  constructor(key: string) {
    super(`the token no longer has the key with ${key}`);
  }
}
