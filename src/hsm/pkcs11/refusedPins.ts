import type { Secret } from '../../secret.ts';
import type { TokenInfo } from './cryptoki.ts';
import type { Pkcs11Failure } from './pkcs11Failure.ts';

type TokenIdentity = Pick<TokenInfo, 'label' | 'serial'>;

export interface RefusedPin {
  readonly token: TokenIdentity;
  readonly pin: Secret;
  readonly failure: Pkcs11Failure;
}

/** The PINs that tokens of one module have refused. They are not tried again: HSMs lock a user after a few tries. */
export class RefusedPins {
  readonly #refused: RefusedPin[] = [];

  /** The failure that ended the one try of this PIN; undefined if it was not refused. */
  find({ label, serial }: TokenIdentity, pin: Secret): Pkcs11Failure | undefined {
    return this.#refused.find(
      ({ token, pin: refused }) =>
        token.label === label && token.serial === serial && refused.reveal() === pin.reveal(),
    )?.failure;
  }

  add({ label, serial }: TokenIdentity, pin: Secret, failure: Pkcs11Failure): void {
    this.#refused.push({ token: { label, serial }, pin, failure });
  }
}
