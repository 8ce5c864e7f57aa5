import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/** Takes the request from the quota of its key store. Spec, "Error codes": ThrottlingException when it is used up. */
export const limitRate: Step = (exchange) => {
  const { quota } = known(exchange.keyStore);
  if (quota?.take() === false)
    throw new XksError('ThrottlingException', "The key store's quota of requests per second is exceeded.");
};
