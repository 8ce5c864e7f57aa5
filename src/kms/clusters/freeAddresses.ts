import type { KmsState } from '../state/kmsState.ts';
import type { Subnet } from './subnet.ts';

/**
 * Returns how many addresses of a subnet are free. Each HSM uses one, and KMS uses one for each key store that is connected to a cluster
 * there.
 */
export function freeAddresses(state: KmsState, { subnetId, availableIpAddressCount }: Subnet): number {
  const hsms = state.hsms.list({ subnetId });
  const connected = state.customKeyStores.cloudHsm().filter(({ connectionState, cloudHsmClusterId }) => {
    const subnets = Object.values(state.clusters.find(cloudHsmClusterId)?.subnetMapping ?? {});
    return ['CONNECTED', 'DISCONNECTING'].includes(connectionState) && subnets.includes(subnetId);
  });
  return availableIpAddressCount - hsms.length - connected.length;
}
