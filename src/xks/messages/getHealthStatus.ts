import type { MessageType } from './messageType.ts';

/** Has no fields but requestMetadata. The name of the API distinguishes the type from others without fields. */
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

/** ACTIVE: healthy. DEGRADED: unhealthy, but serves. UNAVAILABLE: cannot serve. In order, the worst last. */
export const HEALTH_STATUSES = ['ACTIVE', 'DEGRADED', 'UNAVAILABLE'] as const;

export type HealthStatus = (typeof HEALTH_STATUSES)[number];
