/** A token no longer has a key that it had before. A key manager believes this only after the module was restarted. */
export class KeysVanished extends Error {
  override readonly name = 'KeysVanished';

  /** `key`: the selector in words. */
  constructor(key: string) {
    super(`the token no longer has the key with ${key}`);
  }
}
