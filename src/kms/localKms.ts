import type { Identity } from './arn.ts';
import type { Connector } from './connection/connector.ts';
import type { VpcEndpointService } from './connection/vpcEndpointService.ts';
import type { RequestQuota } from './operations/cryptography/requestQuota.ts';
import type { KmsState } from './state/kmsState.ts';
import type { XksProxyClient } from './xksProxy/xksProxyClient.ts';

/** All that the operations use. */
export interface LocalKms {
  readonly identity: Identity;
  readonly state: KmsState;
  readonly xksProxy: XksProxyClient;
  readonly connector: Connector;
  readonly vpcEndpointServices: readonly VpcEndpointService[];
  /** Of cryptographic requests to a key store. */
  readonly quota: RequestQuota;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** How long a day of PendingWindowInDays is. */
  readonly dayMs: number;
}
