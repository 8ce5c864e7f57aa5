import type { KeyApi } from '../policy/cedarRequest.ts';
import { decisionRecord } from '../policy/decisionRecord.ts';
import { XksError } from '../xks/errors.ts';
import { known, type Step } from './exchange.ts';

/**
 * Evaluates the policy of the key store, if it has one. A request that the policy does not permit is denied. Spec,
 * "Authorization".
 */
export const authorize: Step = (exchange) => {
  const { name, policy } = known(exchange.keyStore);
  if (!policy) return;
  const { id, tags = {} } = known(exchange.key);
  const subject = {
    // Only these APIs have this step in the route table. Cedar would refuse any other.
    api: known(exchange.api) as KeyApi,
    keyStore: name,
    externalKey: { id, tags },
    requestMetadata: known(exchange.requestMetadata),
    vpcEndpointId: exchange.vpcEndpointId,
    clientCommonName: exchange.clientCommonName,
  };
  const decision = policy.decide(subject);
  exchange.policy = decisionRecord(decision, subject);
  if (decision.allowed) return;
  if (decision.error !== undefined) {
    const detail = 'the policy engine failed';
    throw new XksError('AccessDeniedException', 'The policy of the key store could not be evaluated.', { detail });
  }
  const detail =
    decision.policyIds.length === 0 ? 'no policy permits it' : `forbidden by ${decision.policyIds.join(', ')}`;
  throw new XksError('AccessDeniedException', 'The policy of the key store does not permit this request.', { detail });
};
