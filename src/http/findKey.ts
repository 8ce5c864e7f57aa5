import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/** Finds the external key of the path among the keys of its key store. Spec, "Error codes". */
export const findKey: Step = (exchange) => {
  const key = known(exchange.keyStore).keys.get(known(exchange.externalKeyId));
  if (!key) throw new XksError('KeyNotFoundException', 'This key store has no external key with this id.');
  exchange.key = key;
};
