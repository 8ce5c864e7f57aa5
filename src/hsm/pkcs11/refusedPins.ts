import type { Secret } from '../../secret.ts';
import type { TokenInfo } from './cryptoki.ts';
import type { Pkcs11Failure } from './pkcs11Failure.ts';

export interface RefusedPin {
  readonly token: Pick<TokenInfo, 'label' | 'serial'>;
  readonly pin: Secret;
  /** Of the one try. */
  readonly failure: Pkcs11Failure;
}

/** The PINs that tokens have refused. They are not tried again: HSMs lock a user after a few tries. */
export class RefusedPins {
  readonly #refused: RefusedPin[];
  readonly #onAdd: (refused: RefusedPin) => void;

  /** Some may be known from before; `onAdd` is told of each new one. */
  constructor(known: readonly RefusedPin[] = [], onAdd: (refused: RefusedPin) => void = () => undefined) {
    this.#refused = [...known];
    this.#onAdd = onAdd;
  }

  /** The failure that ended the one try of this PIN; undefined if it was not refused. */
  find({ label, serial }: RefusedPin['token'], pin: Secret): Pkcs11Failure | undefined {
    const refused = this.#refused.find(
      (each) => each.token.label === label && each.token.serial === serial && each.pin.reveal() === pin.reveal(),
    );
    return refused?.failure;
  }

  add({ label, serial }: RefusedPin['token'], pin: Secret, failure: Pkcs11Failure): void {
    const refused = { token: { label, serial }, pin, failure };
    this.#refused.push(refused);
    this.#onAdd(refused);
  }
}
