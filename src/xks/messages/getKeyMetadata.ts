import type { JsonObject } from './fields.ts';
import { parseRequestMetadata, type RequestMetadata } from './requestMetadata.ts';

/** Spec, "GetKeyMetadata". */
export interface GetKeyMetadataRequest {
  readonly requestMetadata: RequestMetadata;
}

export interface GetKeyMetadataResponse {
  readonly keySpec: string;
  /** At most 10 values. */
  readonly keyUsage: readonly string[];
  readonly keyStatus: 'ENABLED' | 'DISABLED';
}

export function parseGetKeyMetadataRequest(body: JsonObject): GetKeyMetadataRequest {
  return { requestMetadata: parseRequestMetadata(body, ['awsPrincipalArn']) };
}
