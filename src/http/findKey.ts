import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/** The external key of the path, among those of this key store. Spec, "Error codes". */
export const findKey: Step = (exchange) => {
  const key = known(exchange.keyStore).keys.get(known(exchange.externalKeyId));
  if (!key) throw new XksError('KeyNotFoundException', 'This key store has no external key with this id.');
  if (key.status === 'blocked')
    throw new XksError('InvalidStateException', 'The external key is blocked by the proxy.');
  exchange.key = key;
};
