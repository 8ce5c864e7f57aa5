import { XksError } from '../xks/errors.ts';
import type { GetHealthStatusResponse } from '../xks/messages/getHealthStatus.ts';
import type { KeyManagerHealth } from '../hsm/keyManager.ts';

export interface ProxyDescription {
  readonly fleetSize: number;
  readonly vendor: string;
  /** Product name and version. */
  readonly model: string;
}

/**
 * Returns the state of the key managers behind a key store. `healths` has 1 to 10 entries, none older than a minute. Throws
 * InternalException if none can serve, or if requests cannot be recorded: success means that an encrypt right after it would
 * work. Spec, "GetHealthStatus".
 */
export function getHealthStatus(
  proxy: ProxyDescription,
  healths: readonly KeyManagerHealth[],
  recordingProblem?: string,
): GetHealthStatusResponse {
  if (recordingProblem !== undefined) {
    throw new XksError('InternalException', 'The proxy cannot record requests now.', { detail: recordingProblem });
  }
  const serving = healths.find(({ healthStatus }) => healthStatus !== 'UNAVAILABLE');
  if (!serving) throw new XksError('InternalException', 'No key manager of this key store is able to serve.');
  return {
    xksProxyFleetSize: proxy.fleetSize,
    xksProxyVendor: proxy.vendor,
    xksProxyModel: proxy.model,
    ekmVendor: serving.description?.vendor ?? 'unknown',
    ekmFleetDetails: healths.map((health) => ({
      id: idOf(health, healths),
      model: health.description?.model ?? 'unknown',
      healthStatus: health.healthStatus,
    })),
  };
}

// The serial number of the token is used, unless it is unknown, all zeros, or also that of another token.
function idOf({ name, description }: KeyManagerHealth, all: readonly KeyManagerHealth[]): string {
  const serial = description?.id ?? '';
  const others = all.filter((other) => other.name !== name);
  const isTaken = others.some((other) => other.description?.id === serial || other.name === serial);
  return isTaken || /^0*$/.test(serial) ? name : serial;
}
