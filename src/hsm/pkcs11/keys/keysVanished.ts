/** A token no longer has a key that it had before. A key manager believes this only after the module was restarted. */
export class KeysVanished extends Error {
  override readonly name = 'KeysVanished';

  /** `key`: description of the selector. */
  constructor(key: string) {
    super(`the token no longer has the key with ${key}`);
  }
}
