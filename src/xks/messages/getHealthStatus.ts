import type { MessageType } from './messageType.ts';

/** Nothing but requestMetadata. The name of the API keeps the type apart from others of no members. */
export interface GetHealthStatusRequest {
  readonly api: 'GetHealthStatus';
}

/** Spec, "GetHealthStatus". */
export const getHealthStatusRequest: MessageType<GetHealthStatusRequest> = {
  requiredMetadata: [],
  parse: () => ({ api: 'GetHealthStatus' }),
};

export interface GetHealthStatusResponse {
  /** At least 1. */
  readonly xksProxyFleetSize: number;
  readonly xksProxyVendor: string;
  /** Product name and version. */
  readonly xksProxyModel: string;
  readonly ekmVendor: string;
  /** 1 to 10 entries. */
  readonly ekmFleetDetails: readonly EkmDetails[];
}

export interface EkmDetails {
  readonly id: string;
  readonly model: string;
  readonly healthStatus: HealthStatus;
}

/** ACTIVE: healthy. DEGRADED: unhealthy, but serves. UNAVAILABLE: cannot serve. The worst is the last. */
export const HEALTH_STATUSES = ['ACTIVE', 'DEGRADED', 'UNAVAILABLE'] as const;

export type HealthStatus = (typeof HEALTH_STATUSES)[number];
