import { Secret } from '../../../secret.ts';
import type { TokenInfo } from '../cryptoki/cryptoki.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

interface RefusedPin {
  readonly token: Pick<TokenInfo, 'label' | 'serial'>;
  readonly pin: Secret;
  /** Of the one try. */
  readonly failure: Pkcs11Failure;
}

/** A refused PIN in plain values, to be sent to another thread or process of the proxy, and nowhere else. */
export interface RefusedPinRecord {
  readonly token: RefusedPin['token'];
  readonly pin: string;
  readonly message: string;
}

/** The PINs that tokens have refused. They are not tried again: HSMs lock a user after a few tries. */
export class RefusedPins {
  readonly #refused: RefusedPin[];
  readonly #onAdd: (refused: RefusedPinRecord) => void;

  /** Some may be known from before. `onAdd` is told of each one that is added afterwards. */
  constructor(known: readonly RefusedPinRecord[] = [], onAdd: (refused: RefusedPinRecord) => void = () => undefined) {
    this.#refused = known.map(fromRecord);
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
    this.#add({ token: { label, serial }, pin, failure });
  }

  /** Adds one that another thread or process was told of, unless it is known. */
  learn(record: RefusedPinRecord): void {
    const refused = fromRecord(record);
    if (!this.find(refused.token, refused.pin)) this.#add(refused);
  }

  records(): RefusedPinRecord[] {
    return this.#refused.map(toRecord);
  }

  #add(refused: RefusedPin): void {
    this.#refused.push(refused);
    this.#onAdd(toRecord(refused));
  }
}

function fromRecord({ token, pin, message }: RefusedPinRecord): RefusedPin {
  return { token, pin: new Secret(pin), failure: new Pkcs11Failure(message, { pinRefused: true }) };
}

function toRecord({ token, pin, failure }: RefusedPin): RefusedPinRecord {
  return { token, pin: pin.reveal(), message: failure.message };
}
