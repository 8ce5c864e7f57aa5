import type { JsonObject } from './fields.ts';
import { parseRequestMetadata, type RequestMetadata } from './requestMetadata.ts';

/** Spec, "GetHealthStatus". */
export interface GetHealthStatusRequest {
  readonly requestMetadata: RequestMetadata;
}

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

/** ACTIVE: healthy. DEGRADED: unhealthy, but serves. UNAVAILABLE: cannot serve. */
export type HealthStatus = 'ACTIVE' | 'DEGRADED' | 'UNAVAILABLE';

export function parseGetHealthStatusRequest(body: JsonObject): GetHealthStatusRequest {
  return { requestMetadata: parseRequestMetadata(body, []) };
}
