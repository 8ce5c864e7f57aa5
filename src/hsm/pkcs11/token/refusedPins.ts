import { Secret } from '../../../secret.ts';
import type { TokenInfo } from '../cryptoki/cryptoki.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

interface RefusedPin {
  readonly token: Pick<TokenInfo, 'label' | 'serial'>;
  readonly pin: Secret;
  /** The failure of the only attempt. */
  readonly failure: Pkcs11Failure;
}

/** A refused PIN in plain values, for sending to another thread or process of the proxy, and nowhere else. */
export interface RefusedPinRecord {
  readonly token: RefusedPin['token'];
  readonly pin: string;
  readonly message: string;
}

/** PINs that tokens have refused. They are not tried again, because HSMs lock a user after a few attempts. */
export class RefusedPins {
  readonly #refused: RefusedPin[];
  readonly #onAdd: (refused: RefusedPinRecord) => void;

  /** `known` has earlier refusals. `onAdd` is called for each one that is added later. */
  constructor(known: readonly RefusedPinRecord[] = [], onAdd: (refused: RefusedPinRecord) => void = () => undefined) {
    this.#refused = known.map(fromRecord);
    this.#onAdd = onAdd;
  }

  /** Returns the failure of the only attempt with this PIN; undefined if it was not refused. */
  find({ label, serial }: RefusedPin['token'], pin: Secret): Pkcs11Failure | undefined {
    const refused = this.#refused.find(
      (each) => each.token.label === label && each.token.serial === serial && each.pin.reveal() === pin.reveal(),
    );
    return refused?.failure;
  }

  add({ label, serial }: RefusedPin['token'], pin: Secret, failure: Pkcs11Failure): void {
    this.#add({ token: { label, serial }, pin, failure });
  }

  /** Adds a refusal that another thread or process has received, unless it is known. */
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
